import type { Computes, Plan, ShapeNode } from '#views';

/** A plan as far as this process can run it. */
export interface Comparable {
  readonly plan: Plan;
  /** Fields that are computed by functions which this process lacks (`lines[].net`); they hold nothing of value. */
  readonly lacking: readonly string[];
}

/** Leaves out the functions that are not here, so that all other fields can be compared. */
export function comparable(plan: Plan, computes: Computes): Comparable {
  const lacking: string[] = [];
  const without = (node: ShapeNode, path: string): ShapeNode => {
    switch (node.node) {
      case 'object':
        return {
          ...node,
          fields: node.fields.map(({ name, of }) => ({
            name,
            of: without(of, path === '' ? name : `${path}.${name}`),
          })),
        };
      case 'one':
        return { ...node, of: without(node.of, path) };
      case 'many':
      case 'items':
        return { ...node, of: without(node.of, `${path}[]`) };
      case 'compute':
        if (computes.has(node.key)) return node;
        lacking.push(path);
        return { node: 'constant', value: '', kind: 'string', hints: {} };
      case 'value':
      case 'constant':
      case 'rollUp':
        return node;
    }
  };
  return { plan: { ...plan, shape: without(plan.shape, '') }, lacking };
}

/** The path of a field, whichever element of a list it is in: `lines[].net`. */
export function fieldOf(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '[]');
}

/** Whether a field is one of these, or lies in one. */
export function isIn(field: string, fields: readonly string[]): boolean {
  return fields.some((one) => field === one || field.startsWith(`${one}.`) || field.startsWith(`${one}[`));
}
