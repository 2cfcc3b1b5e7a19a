import type { ValueKind } from '#views';
import type { SearchSort } from '../search-index.js';
import type { QueryField } from './fields.js';
import { fieldOf, type Fields, type Query } from './filter.js';

export type SortValue = string | number | boolean | null;

/** The name of the score in a sort. */
export const relevance = 'relevance';

export function compileSort(sort: readonly SearchSort[], fields: Fields): Query[] {
  const keys = sort.map((key) =>
    key.field === relevance ? scoreKey(key) : fieldKey(key, fieldOf(key.field, fields)),
  );
  return sort.some((key) => key.field === 'id') ? keys : [...keys, { id: { order: 'asc' } }];
}

function scoreKey({ descending }: SearchSort): Query {
  return { _score: { order: descending ? 'desc' : 'asc' } };
}

/** Of several values a list is sorted by its least when ascending and by its greatest when descending. */
function fieldKey({ descending, nulls }: SearchSort, field: QueryField): Query {
  return {
    [sortPath(field)]: {
      order: descending ? 'desc' : 'asc',
      mode: descending ? 'max' : 'min',
      missing: nulls === 'first' ? '_first' : '_last',
    },
  };
}

function sortPath(field: QueryField): string {
  return field.kind === 'string' || field.kind === 'enum' ? `${field.path}.sort` : field.path;
}

/**
 * Elasticsearch gives a missing number as the least or greatest one of its type, in digits that a JavaScript number can
 * not hold. Outside it is null; going back it becomes the text of that number, which Elasticsearch parses exactly.
 */
const longSentinels = { high: '9223372036854775807', low: '-9223372036854775808' } as const;
const doubleSentinels = { high: 'Infinity', low: '-Infinity' } as const;

export function sortValueOf(raw: string, key: SearchSort, fields: Fields): SortValue {
  const kind = kindOf(key, fields);
  const text = raw.startsWith('"') ? (JSON.parse(raw) as string) : raw;
  if (isLong(kind) && Object.values(longSentinels).some((sentinel) => sentinel === text)) return null;
  if (kind === 'decimal' && Object.values(doubleSentinels).some((sentinel) => sentinel === text)) return null;
  return JSON.parse(raw) as SortValue;
}

export function afterValue(value: SortValue, key: SearchSort, fields: Fields): SortValue {
  if (value !== null) return value;
  const kind = kindOf(key, fields);
  const sentinels = isLong(kind) ? longSentinels : kind === 'decimal' ? doubleSentinels : null;
  if (sentinels === null) return null;
  const greatestIsLast = !key.descending;
  return (key.nulls === 'last') === greatestIsLast ? sentinels.high : sentinels.low;
}

function kindOf(key: SearchSort, fields: Fields): ValueKind | null {
  return key.field === relevance ? null : fieldOf(key.field, fields).kind;
}

function isLong(kind: ValueKind | null): boolean {
  return kind === 'int' || kind === 'money' || kind === 'instant' || kind === 'day' || kind === 'bool';
}
