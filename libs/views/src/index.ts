export type {
  ColumnPath,
  ComputeNode,
  ConstantNode,
  Filter,
  FilterOp,
  FilterValue,
  Hints,
  Level,
  Link,
  Plan,
  Route,
  ShapeNode,
  SortKey,
  ValueKind,
  ValueNode,
} from './plan/plan.js';
export {
  array,
  bool,
  day,
  decimal,
  geo,
  id,
  instant,
  int,
  json,
  list,
  money,
  nullable,
  oneOf,
  prose,
  ref,
  self,
  string,
  was,
  withDefault,
} from './source/columns.js';
export type { ColumnDescription, ListColumn, SourceDescription, ValueColumn } from './source/description.js';
export { describe } from './source/describe.js';
export { source, type Source, type StateOf } from './source/source.js';
export { compute } from './compute/compute.js';
export { carry, constant, facet, guard, orElse, text } from './shape/hints.js';
export { many, one } from './shape/joins.js';
export { view, type DocumentOf, type View } from './view/view.js';
export type { Assembled, Computes, Json, LoadedRow, LoadedRows } from './assemble/rows.js';
