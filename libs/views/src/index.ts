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
export type { Assembled, Computes, Json, LoadedRow, LoadedRows } from './assemble/rows.js';
