import { SearchRefusedError } from '../errors.js';
import { fieldOf, isText, textFields } from '../fields.js';
import type { SearchRequest } from '../search-index.js';
import type { Column } from './column.js';
import type { Table } from './table.js';
import type { TextSearch } from './text.js';
import { wordsOf, type Word } from './words.js';

const mostPassages = 3;

/** Marks the words that were searched for, in the values that have any. */
export function highlightsOf(
  row: number,
  table: Table,
  search: TextSearch | null,
  { highlight, in: searched }: SearchRequest,
): Readonly<Record<string, readonly string[]>> {
  if (search === null || highlight === undefined) return {};
  const where = textFields(searched, table.fields);
  const marked = highlight === 'all' ? where : highlight.map((path) => fieldOf(path, table.fields));
  const found: Record<string, readonly string[]> = {};
  for (const field of marked) {
    if (!isText(field))
      throw new SearchRefusedError(400, `'${field.path}' is no text, so that nothing can be marked in it`);
    if (!where.includes(field)) continue;
    const values = textsOf(table.column(field.path), row).flatMap((text) => {
      const words = search.marked(row, field.path, wordsOf(text));
      return words.length === 0 ? [] : [mark(text, words)];
    });
    const kept = field.kind === 'prose' ? values.slice(0, mostPassages) : values;
    if (kept.length > 0) found[field.path] = kept;
  }
  return found;
}

function textsOf({ numbers, starts, leaves }: Column, row: number): readonly string[] {
  return numbers.slice(starts[row], starts[row + 1]).map((number) => String(leaves[number]));
}

function mark(text: string, words: readonly Word[]): string {
  let [marked, at] = ['', 0];
  for (const { start, end } of words) {
    marked += `${escapeHtml(text.slice(at, start))}<mark>${escapeHtml(text.slice(start, end))}</mark>`;
    at = end;
  }
  return marked + escapeHtml(text.slice(at));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
  '/': '&#x2F;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'/]/g, (sign) => entities[sign] ?? sign);
}
