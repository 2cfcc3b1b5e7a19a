import { fieldOperatorsOf } from '../filter/normalize.js';
import { isSortable } from './options.js';
import type {
  ConstantNode,
  ComputeNode,
  Hints,
  Plan,
  RollUpNode,
  ShapeNode,
  ValueKind,
  ValueNode,
} from './plan.js';

/** One field of a view's documents, as queries, mappings and documentation name it. */
export interface QueryField {
  /** Dotted: `lines.product.name`. */
  readonly path: string;
  readonly kind: ValueKind;
  /** There may be several values in one document: it lies in a list, or is an array. */
  readonly array: boolean;
  /** The path of the outermost list around it whose items are matched one by one (nested), or null. */
  readonly nested: string | null;
  /** It may be null or absent, by itself or for want of a partner. */
  readonly nullable: boolean;
  readonly values?: readonly string[];
  readonly currency?: string;
  readonly hints: Hints;
  readonly sortable: boolean;
  /** Whether filters may name it. */
  readonly filterable: boolean;
}

type LeafNode = ValueNode | ConstantNode | RollUpNode | ComputeNode;
interface Around {
  readonly path: string;
  readonly array: boolean;
  readonly nested: string | null;
  readonly nullable: boolean;
}

/** The fields of a view's documents, flat, in the order of the document. */
export function fieldsOf(plan: Plan): readonly QueryField[] {
  return fieldsIn(plan.shape, { path: '', array: false, nested: null, nullable: false });
}

function fieldsIn(node: ShapeNode, around: Around): readonly QueryField[] {
  switch (node.node) {
    case 'object':
      return node.fields.flatMap(({ name, of }) =>
        fieldsIn(of, { ...around, path: joined(around.path, name) }),
      );
    case 'one': {
      const replaced = node.orElse !== undefined;
      return fieldsIn(node.of, { ...around, nullable: !replaced && (around.nullable || !node.required) });
    }
    case 'many':
    case 'items': {
      const nested = around.nested ?? (isNestedList(node) ? around.path : null);
      return fieldsIn(node.of, { ...around, array: true, nested });
    }
    case 'value':
    case 'constant':
    case 'rollUp':
    case 'compute':
      return [leaf(node, around)];
  }
}

/** Whether a list's items are matched one by one: they are objects, and not declared `flat`. */
export function isNestedList(node: Extract<ShapeNode, { node: 'many' | 'items' }>): boolean {
  return !node.flat && endsInObject(node.of);
}

function endsInObject(node: ShapeNode): boolean {
  if (node.node === 'one' || node.node === 'many' || node.node === 'items') return endsInObject(node.of);
  return node.node === 'object';
}

function leaf(node: LeafNode, around: Around): QueryField {
  const indexed = node.hints.carry !== true && node.kind !== 'json';
  const own = node.node === 'constant' ? false : node.nullable && node.orElse === undefined;
  return {
    path: around.path,
    kind: node.kind,
    array: around.array || (node.node === 'value' && node.array),
    nested: around.nested,
    nullable: around.nullable || own,
    ...('values' in node && node.values !== undefined ? { values: node.values } : {}),
    ...('currency' in node && node.currency !== undefined ? { currency: node.currency } : {}),
    hints: node.hints,
    sortable: indexed && isSortable(node.kind),
    filterable: indexed && fieldOperatorsOf(node).length > 0,
  };
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
