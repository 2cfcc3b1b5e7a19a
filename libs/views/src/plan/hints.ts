import type { Compiler, Place } from './compiler.js';
import type { Hints, ShapeNode, ValueKind } from './plan.js';

const allowedKinds: { readonly [H in 'text' | 'facet' | 'guard']: readonly ValueKind[] } = {
  text: ['string', 'prose'],
  facet: ['string', 'enum', 'bool', 'id', 'int', 'decimal', 'money', 'instant', 'day'],
  guard: ['id', 'string', 'enum'],
};

/** Adds hints to a value, or to the value that a flattened join ends in. */
export function applyHints(compiler: Compiler, place: Place, node: ShapeNode, hints: Hints): ShapeNode {
  if (Object.keys(hints).length === 0) return node;
  switch (node.node) {
    case 'one':
      return { ...node, of: applyHints(compiler, place, node.of, hints) };
    case 'many':
    case 'items':
      return { ...node, of: applyHints(compiler, { ...place, several: true }, node.of, hints) };
    case 'object': {
      if (hints.carry !== true || Object.keys(hints).length > 1) {
        compiler.fault(place.path, 'A hint stands on an object.', 'Give the hint to one of its fields.');
        return node;
      }
      const fields = node.fields.map(({ name, of }) => ({
        name,
        of: applyHints(compiler, place, of, hints),
      }));
      return { ...node, fields };
    }
    case 'value':
    case 'constant':
    case 'rollUp':
    case 'compute':
      checkHints(compiler, place, node, hints);
      return { ...node, hints: { ...node.hints, ...hints } };
  }
}

type LeafNode = Extract<ShapeNode, { readonly hints: Hints }>;

/** Checks the hints that are added to those that a node has already. */
function checkHints(compiler: Compiler, place: Place, node: LeafNode, hints: Hints): void {
  for (const hint of ['text', 'facet', 'guard'] as const) {
    if (hints[hint] !== undefined && !allowedKinds[hint].includes(node.kind)) {
      const kinds = allowedKinds[hint].join(', ');
      compiler.fault(
        place.path,
        `${hint}() does not fit a ${node.kind} column.`,
        `It takes one of ${kinds}.`,
      );
    }
    const both = { ...node.hints, ...hints };
    if (both.carry === true && both[hint] !== undefined) {
      compiler.fault(
        place.path,
        `A carried field is not indexed, so ${hint}() has no effect.`,
        'Leave one of them out.',
      );
    }
  }
  if (hints.text !== undefined && !(hints.text.weight > 0 && Number.isFinite(hints.text.weight))) {
    compiler.fault(place.path, 'The weight of text() is not above 0.', 'Give a number such as 3.');
  }
  const isSeveral = place.several || (node.node === 'value' && node.array);
  if (hints.guard === true && isSeveral) {
    compiler.fault(
      place.path,
      'guard() stands in a list, but a document has one owner.',
      'Guard a field outside lists.',
    );
  }
}

/** Whether a part of a document says whose it is. */
export function isGuarded(node: ShapeNode): boolean {
  switch (node.node) {
    case 'object':
      return node.fields.some(({ of }) => isGuarded(of));
    case 'one':
    case 'many':
    case 'items':
      return isGuarded(node.of);
    case 'value':
    case 'constant':
    case 'rollUp':
    case 'compute':
      return node.hints.guard === true;
  }
}
