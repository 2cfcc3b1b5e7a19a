import type { QueryField, ValueKind } from '#views';
import type { SearchSort } from '../search-index.js';
import { fieldOf, tieBroken, type Fields } from '../fields.js';
import type { Query } from './filter.js';

export type SortValue = string | number | boolean | null;

/** The name of the score in a sort. */
export const relevance = 'relevance';

export function compileSort(sort: readonly SearchSort[], fields: Fields): Query[] {
  return tieBroken(sort).map((key) =>
    key.field === relevance ? scoreKey(key) : fieldKey(key, fieldOf(key.field, fields)),
  );
}

function scoreKey({ descending }: SearchSort): Query {
  return { _score: { order: descending ? 'desc' : 'asc' } };
}

/** Of several values a list is sorted by its least when ascending and by its greatest when descending. */
function fieldKey(key: SearchSort, field: QueryField): Query {
  return {
    [sortPath(field)]: {
      order: key.descending ? 'desc' : 'asc',
      mode: key.descending ? 'max' : 'min',
      missing: isLong(field.kind) ? stand(key, longEnds) : `_${key.nulls}`,
    },
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
  const kind = kindOf(key, fields);
  if (isLong(kind)) return stand(key, longEnds);
  return kind === 'decimal' ? stand(key, doubleEnds) : null;
}

function kindOf(key: SearchSort, fields: Fields): ValueKind | null {
  return key.field === relevance ? null : fieldOf(key.field, fields).kind;
}

function isLong(kind: ValueKind | null): boolean {
  return kind === 'int' || kind === 'money' || kind === 'instant' || kind === 'day' || kind === 'bool';
}
