import type { Plan, QueryField, ValueKind } from '#views';
import type { SearchSort } from '../search-index.js';
import { fieldOf, fieldsByPath, tieBroken, type Fields } from '../fields.js';
import type { Query } from './filter.js';

export type SortValue = string | number | boolean | null;

/** The name of the score in a sort. */
export const relevance = 'relevance';

export function compileSort(sort: readonly SearchSort[], fields: Fields): Query[] {
  return tieBroken(sort).map((key) =>
    key.field === relevance ? scoreKey(key) : fieldKey(key, fieldOf(key.field, fields)),
  );
}

/**
 * The order in which an index keeps its documents: that of a list which asks for none. Such a list, however it is filtered,
 * ends with its page, and has its documents side by side; without it, every match is compared with the best so far, which
 * was two thirds of what a page of 20 out of 20 000 orders costs. Null where it would not be found to be the same order.
 */
export function indexSort(plan: Plan): Query | null {
  const fields = fieldsByPath(plan);
  const keys = tieBroken(
    plan.sort.map(({ column, descending }) => ({ field: column, descending, nulls: 'last' })),
  );
  const sorted = keys.map((key) => {
    const field = fieldOf(key.field, fields);
    return { path: sortPath(field), ...inOrder(key, field) };
  });
  // An index knows only its own ends for what is missing.
  if (!sorted.every(({ missing }) => missing === '_last')) return null;
  return {
    field: sorted.map(({ path }) => path),
    order: sorted.map(({ order }) => order),
    mode: sorted.map(({ mode }) => mode),
    missing: sorted.map(({ missing }) => missing),
  };
}

function scoreKey({ descending }: SearchSort): Query {
  return { _score: { order: descending ? 'desc' : 'asc' } };
}

function fieldKey(key: SearchSort, field: QueryField): Query {
  return { [sortPath(field)]: inOrder(key, field) };
}

/** Of several values a list is sorted by its least when ascending and by its greatest when descending. */
function inOrder(
  key: SearchSort,
  field: QueryField,
): { readonly order: string; readonly mode: string; readonly missing: number | string } {
  return {
    order: key.descending ? 'desc' : 'asc',
    mode: key.descending ? 'max' : 'min',
    missing: isLong(field) ? stand(key, longEnds) : `_${key.nulls}`,
  };
}

function sortPath(field: QueryField): string {
  return field.kind === 'string' || field.kind === 'enum' ? `${field.path}.sort` : field.path;
}

/**
 * What a missing number is sorted as. Elasticsearch's own ends of a long have digits that a JavaScript number can not
 * hold, so that a page could not continue after them; these are beyond every instant, and equal to a whole number only
 * at the very end of its range, where the id breaks the tie.
 */
const longEnds = { high: Number.MAX_SAFE_INTEGER, low: -Number.MAX_SAFE_INTEGER };
const doubleEnds = { high: 'Infinity', low: '-Infinity' };

function stand<T>({ nulls, descending }: SearchSort, ends: { high: T; low: T }): T {
  return (nulls === 'last') === descending ? ends.low : ends.high;
}

/** A sort value as it is given out: null for what stands for a missing one. */
export function sortValueOf(value: SortValue, key: SearchSort, fields: Fields): SortValue {
  return value === missingValue(key, fields) ? null : value;
}

/** A sort value as Elasticsearch takes it back. */
export function afterValue(value: SortValue, key: SearchSort, fields: Fields): SortValue {
  return value ?? missingValue(key, fields);
}

function missingValue(key: SearchSort, fields: Fields): SortValue {
  if (key.field === relevance) return null;
  const field = fieldOf(key.field, fields);
  if (isLong(field)) return stand(key, longEnds);
  return field.kind === 'decimal' ? stand(key, doubleEnds) : null;
}

const longKinds: ReadonlySet<ValueKind> = new Set(['int', 'money', 'instant', 'day', 'bool']);

/** Whether what is missing may be the end of a long. What can not be missing needs no stand-in, and is sorted as an index is. */
function isLong({ kind, nullable, array }: QueryField): boolean {
  return longKinds.has(kind) && (nullable || array);
}
