import type { SuggestRequest, ValueCount } from '../aggregates.js';
import { fieldOf, isText, type Fields } from '../fields.js';
import type { MemoryDocument } from './document.js';
import { countsOf, groupBy } from './groups.js';
import { longestSortKey } from '../limits.js';
import { fold, wordsOf } from './words.js';

export function suggestFrom(
  documents: readonly MemoryDocument[],
  { field: path, prefix, limit }: Pick<SuggestRequest, 'field' | 'prefix' | 'limit'>,
  fields: Fields,
): readonly ValueCount<string>[] {
  const field = fieldOf(path, fields);
  const start = fold(prefix);
  const isOneWord = /^[\p{L}\p{N}\p{M}]+$/u.test(prefix);
  const begins = (value: string): boolean =>
    value.length <= longestSortKey &&
    (fold(value).startsWith(start) ||
      (isText(field) && isOneWord && wordsOf(value).some((word) => word.text.startsWith(start))));
  return countsOf(groupBy(documents, { kind: 'values', field: path }, fields))
    .map(({ value, count }) => ({ value: String(value), count }))
    .filter(({ value }) => prefix === '' || begins(value))
    .slice(0, limit);
}
