import type { ShapeNode } from '#views';

/** Calls `visit` for a node and everything below it. */
export function walkShape(node: ShapeNode, visit: (node: ShapeNode) => void): void {
  visit(node);
  if (node.node === 'object') for (const field of node.fields) walkShape(field.of, visit);
  if (node.node === 'one' || node.node === 'many' || node.node === 'items') walkShape(node.of, visit);
  if (node.node === 'compute') for (const input of node.inputs) walkShape(input, visit);
}
