import type { SuggestRequest, ValueCount } from '../aggregates.js';
import { isText } from '../fields.js';
import { longestSortKey } from '../limits.js';
import { byText, marksOf, type Column } from './column.js';
import { byCount, groupBy } from './groups.js';
import type { Rows } from './table.js';
import { fold } from './words.js';

export function suggestFrom(
  found: Rows,
  { field, prefix, limit }: Pick<SuggestRequest, 'field' | 'prefix' | 'limit'>,
): readonly ValueCount<string>[] {
  const isWanted = prefix === '' ? null : beginning(prefix, found.table.column(field));
  const groups = groupBy(found, { kind: 'values', field }, isWanted);
  return byCount(groups, limit).map(({ name, count }) => ({ value: String(name), count }));
}

/** Marks the values that begin with a prefix, or of which a word does where the field is text. */
function beginning(prefix: string, column: Column): Uint8Array {
  const start = fold(prefix);
  const isOneWord = /^[\p{L}\p{N}\p{M}]+$/u.test(prefix);
  const areWordsAsked = isOneWord && isText(column.field);
  const hasWord = byText(
    column,
    column.words.map((word) => (areWordsAsked && word.startsWith(start) ? 1 : 0)),
  );
  return marksOf(column, (value, number) => {
    const text = String(value);
    return text.length <= longestSortKey && (hasWord[number] === 1 || fold(text).startsWith(start));
  });
}
