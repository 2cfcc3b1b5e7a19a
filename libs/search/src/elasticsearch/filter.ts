import type { Filter, FilterOp, FilterValue, QueryField } from '#views';
import { SearchRefusedError } from '../errors.js';
import { fieldOf, type Fields } from '../fields.js';

export type Query = Readonly<Record<string, unknown>>;

type Condition = Extract<Filter, { kind: 'condition' }>;

const nothing: Query = { match_none: {} };

/**
 * Compiles a filter. Conditions on one list that stand side by side in an `and` mean the same element, and so does an
 * `or` beside them; an `and` within an `and` keeps its own elements. `ne`, `exists: false` and `not` mean that no element
 * matches.
 * @returns clauses that all have to hold
 */
export function compileFilter(filter: Filter | null, fields: Fields): Query[] {
  if (filter === null) return [];
  return filter.kind === 'and' ? conjuncts(filter.of, fields, null) : [compile(filter, fields, null)];
}

/** `within` is the list whose element the query is about: there, nothing needs to enter it again. */
function compile(filter: Filter, fields: Fields, within: string | null): Query {
  switch (filter.kind) {
    case 'and':
      return all(conjuncts(filter.of, fields, within));
    case 'or':
      return any(filter.of.map((part) => inElement(part, fields, within)));
    case 'not':
      return not(inElement(filter.of, fields, within));
    case 'condition':
      return inElement(filter, fields, within);
  }
}

function conjuncts(parts: readonly Filter[], fields: Fields, within: string | null): Query[] {
  const byList = Map.groupBy(parts, (part) => (part.kind === 'and' ? null : elementOf(part, fields)));
  return [...byList].flatMap(([list, together]) => {
    if (list === null || list === within) return together.map((part) => compile(part, fields, within));
    return [nested(list, all(together.map((part) => compile(part, fields, list))))];
  });
}

function inElement(filter: Filter, fields: Fields, within: string | null): Query {
  if (filter.kind === 'and') return compile(filter, fields, within);
  const list = elementOf(filter, fields);
  if (list !== null && list !== within) return nested(list, compile(filter, fields, list));
  return filter.kind === 'condition' ? condition(filter, fields, within) : compile(filter, fields, within);
}

/**
 * The one list whose element a filter speaks of. None if it speaks of none or of several, or says something about all
 * elements, as negations do.
 */
function elementOf(filter: Filter, fields: Fields): string | null {
  if (filter.kind === 'not' || isNegative(filter)) return null;
  if (filter.kind === 'condition' && filter.op === 'all') return null;
  if (filter.kind === 'condition') return fieldOf(filter.field, fields).nested;
  // Each `and` within an `and` chooses an element of its own.
  if (filter.kind === 'and' && filter.of.some((part) => part.kind === 'and')) return null;
  const lists = new Set(filter.of.map((part) => elementOf(part, fields)));
  const [only = null] = lists;
  return lists.size === 1 ? only : null;
}

function isNegative(filter: Filter): boolean {
  return (
    filter.kind === 'condition' &&
    (filter.op === 'ne' || (filter.op === 'exists' && filter.values[0] === false))
  );
}

function condition({ field: path, op, values }: Condition, fields: Fields, within: string | null): Query {
  const field = fieldOf(path, fields);
  const [value] = values;
  switch (op) {
    case 'eq':
      return equals(field, values);
    case 'ne':
      // A missing value is not unequal to anything, and a list without elements has none.
      return all([element(field, exists(field), within), not(element(field, equals(field, values), within))]);
    case 'exists':
      return value === true ? exists(field) : not(element(field, exists(field), within));
    case 'all':
      // Each value may be in another element.
      return values.length === 0
        ? nothing
        : all(values.map((one) => element(field, equals(field, [one]), within)));
    case 'near':
      return near(field, values);
    case 'prefix':
      return { prefix: { [field.path]: { value: String(value) } } };
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return range(field, op, value);
  }
}

function element(field: QueryField, query: Query, within: string | null): Query {
  return field.nested !== null && field.nested !== within ? nested(field.nested, query) : query;
}

function equals(field: QueryField, values: readonly FilterValue[]): Query {
  if (values.length === 0) return nothing;
  return { terms: { [field.path]: values.map((value) => operand(value, field)) } };
}

function range(
  field: QueryField,
  op: Extract<FilterOp, 'gt' | 'gte' | 'lt' | 'lte'>,
  value: FilterValue | undefined,
): Query {
  if (value === undefined) throw new SearchRefusedError(400, `'${field.path}' is compared with nothing.`);
  return { range: { [field.path]: { [op]: operand(value, field) } } };
}

/**
 * A value as Elasticsearch takes it. It would read an instant without milliseconds as the whole second where that is what
 * the comparison ends at: `lte 12:00:00` would find 12:00:00.999.
 */
export function operand(value: FilterValue, { kind }: QueryField): FilterValue {
  if (kind !== 'instant') return value;
  const ms = Date.parse(String(value));
  return Number.isNaN(ms) ? value : new Date(ms).toISOString();
}

function near(field: QueryField, [lat, lon, metres]: readonly FilterValue[]): Query {
  return { geo_distance: { distance: `${Number(metres)}m`, [field.path]: { lat, lon } } };
}

/** A string that is too long to be indexed exists all the same: `_ignored` names its field, at the root. */
function exists(field: QueryField): Query {
  const present = { exists: { field: field.path } };
  const canBeIgnored = field.kind === 'string' || field.kind === 'enum' || field.kind === 'id';
  return canBeIgnored && field.nested === null ? any([present, { term: { _ignored: field.path } }]) : present;
}

export function all(queries: readonly Query[]): Query {
  if (queries.length === 1 && queries[0] !== undefined) return queries[0];
  return queries.length === 0 ? { match_all: {} } : { bool: { filter: queries } };
}

function any(queries: readonly Query[]): Query {
  return queries.length === 0 ? nothing : { bool: { should: queries, minimum_should_match: 1 } };
}

function not(query: Query): Query {
  return { bool: { must_not: [query] } };
}

function nested(path: string, query: Query): Query {
  return { nested: { path, query } };
}
