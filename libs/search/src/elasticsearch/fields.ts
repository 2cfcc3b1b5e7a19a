import type { Hints, Plan, ShapeNode, ValueKind } from '#views';

/** One dotted field of a view, as queries name it. */
export interface QueryField {
  readonly path: string;
  readonly kind: ValueKind;
  /** Holds, or lies in, a list. */
  readonly array: boolean;
  /** The outermost list around it whose elements are told apart, or null. */
  readonly nested: string | null;
  readonly hints: Hints;
}

export function fieldsOf(plan: Plan): QueryField[] {
  const found: QueryField[] = [];
  const visit = (node: ShapeNode, path: string, array: boolean, nested: string | null): void => {
    switch (node.node) {
      case 'object':
        for (const { name, of } of node.fields)
          visit(of, path === '' ? name : `${path}.${name}`, array, nested);
        return;
      case 'one':
        return visit(node.of, path, array, nested);
      case 'many':
      case 'items':
        return visit(node.of, path, true, nested ?? (!node.flat && isObject(node.of) ? path : null));
      case 'value':
        found.push({ path, kind: node.kind, array: array || node.array, nested, hints: node.hints });
        return;
      case 'constant':
      case 'compute':
        found.push({ path, kind: node.kind, array, nested, hints: node.hints });
    }
  };
  visit(plan.shape, '', false, null);
  return found;
}

/** Whether a list of this is a list of objects, which become nested, rather than of values. */
export function isObject(node: ShapeNode): boolean {
  return node.node === 'one' ? isObject(node.of) : node.node === 'object';
}
