/**
 * The view language. Declare: source and its columns, view with one, many, hints and compute. Compile: check, compile,
 * computesOf; then only the plan is used: routesOf (how changes reach roots), fieldsOf (what queries may name), keysFor
 * and assemble (rows to documents). Filters: normalizeFilter, matches. Events: contractOf, envelopeSchema. Trying a view
 * on rows in memory: ViewSpec; loadFrom and markedRoots are what it is made of. For the compiler: DocumentOf, FieldsOf.
 */
export type {
  ColumnPath,
  ComputeNode,
  ConstantNode,
  DerivedColumn,
  Fallback,
  Filter,
  FilterOp,
  FilterValue,
  Hints,
  Level,
  Link,
  Plan,
  RollUp,
  RollUpNode,
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
export { avg, count, max, min, sum } from './shape/roll-ups.js';
export { view, type DocumentOf, type View } from './view/view.js';
export type { DocumentField, FieldsOf } from './view/document-fields.js';
export type { Condition, Operators } from './filter/where.js';
export { check, compile, computesOf, type AnyView } from './plan/compile.js';
export { fieldsOf, isNestedList, type QueryField } from './plan/fields.js';
export { routesOf } from './plan/routes.js';
export { markedRoots } from './plan/marked-roots.js';
export { canonicalJson } from './plan/canonical.js';
export { compareText, compareValues } from './filter/compare.js';
export { matches } from './filter/matches.js';
export { isNear, metresOf, placeOf } from './filter/near.js';
export {
  fieldOperatorsOf,
  normalizeFilter,
  operatorsOf,
  valueFault,
  type FilterColumn,
  type Normalized,
} from './filter/normalize.js';
export { average } from './roll-up/roll-up-values.js';
export { assemble, assembleText } from './assemble/assemble.js';
export { documentParts, type DocumentPart, type DocumentParts } from './assemble/document-parts.js';
export { keysFor } from './assemble/keys.js';
export { loadFrom, rollUpLevel, type Tables } from './assemble/load-from.js';
export type { Assembled, AssembledText, Computes, Json, LoadedRow, LoadedRows } from './assemble/rows.js';
export { ComputeMissingError } from './assemble/batch.js';
export { diffDocuments, type DocumentDifference } from './diff/document-diff.js';
export { ViewSpec } from './spec/view-spec.js';
export { ViewSpecError } from './spec/error.js';
export { deleted } from './spec/rows.js';
export { checkSources } from './check/sources.js';
export { ViewInvalidError, type Fault } from './view/fault.js';
export { contractOf, type Contract, type ReceivedState } from './contract/contract.js';
export { envelopeSchema } from './contract/envelope-schema.js';
export type { JsonSchema } from './contract/state-schema.js';
