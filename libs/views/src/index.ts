/**
 * The view language. Declare: source and its columns, view with one, many, hints and compute. Compile: check, compile,
 * computesOf; then only the plan is used: routesOf (how changes reach roots), fieldsOf (what queries may name), keysFor
 * and assemble (rows to documents). Filters: normalizeFilter, matches. Events: contractOf, envelopeSchema.
 */
export type {
  ColumnPath,
  ComputeNode,
  ConstantNode,
  Fallback,
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
export { check, compile, computesOf, type AnyView } from './plan/compile.js';
export { fieldsOf, isNestedList, type QueryField } from './plan/fields.js';
export { routesOf } from './plan/routes.js';
export { canonicalJson } from './plan/canonical.js';
export { compareText, compareValues } from './filter/compare.js';
export { matches } from './filter/matches.js';
export {
  normalizeFilter,
  operatorsOf,
  valueFault,
  type FilterColumn,
  type Normalized,
} from './filter/normalize.js';
export { assemble, ComputeMissingError } from './assemble/assemble.js';
export { keysFor } from './assemble/keys.js';
export type { Assembled, Computes, Json, LoadedRow, LoadedRows } from './assemble/rows.js';
export { checkSources } from './check/sources.js';
export { ViewInvalidError, type Fault } from './view/fault.js';
export { contractOf, type Contract, type ReceivedState } from './contract/contract.js';
export { envelopeSchema } from './contract/envelope-schema.js';
export type { JsonSchema } from './contract/state-schema.js';
