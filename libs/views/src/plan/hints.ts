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
    case 'many':
    case 'items':
      return { ...node, of: applyHints(compiler, place, node.of, hints) };
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
    case 'compute':
      checkHints(compiler, place, node.kind, hints);
      return { ...node, hints: { ...node.hints, ...hints } };
  }
}

function checkHints(compiler: Compiler, place: Place, kind: ValueKind, hints: Hints): void {
  for (const hint of ['text', 'facet', 'guard'] as const) {
    if (hints[hint] === undefined) continue;
    if (!allowedKinds[hint].includes(kind)) {
      const kinds = allowedKinds[hint].join(', ');
      compiler.fault(place.path, `${hint}() does not fit a ${kind} column.`, `It takes one of ${kinds}.`);
    }
    if (hints.carry === true) {
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
  if (hints.guard === true && place.several) {
    compiler.fault(
      place.path,
      'guard() stands in a list, but a document has one owner.',
      'Guard a field outside lists.',
    );
  }
}
