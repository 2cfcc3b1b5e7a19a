import type { Plan, QueryField } from '#views';
import type { SuggestRequest, ValueCount } from '../aggregates.js';
import { fieldOf, fieldsByPath, isText } from '../fields.js';
import type { SearchOptions } from '../search-index.js';
import { all, compileFilter, type Query } from './filter.js';
import { termsOf, type Buckets } from './groups.js';
import type { Server } from './indices.js';
import { aggregationsOf, askSearch } from './request.js';
import { textPath } from './text-query.js';

/**
 * The documents that have a value of this prefix, counted by their values. The prefix is looked up in the dictionary of
 * the case-folded values (and of the words, where the field is text), so that only matching documents are walked.
 */
export async function suggestValues(
  server: Server,
  index: string,
  plan: Plan,
  request: SuggestRequest,
  options: SearchOptions,
): Promise<readonly ValueCount<string>[]> {
  const fields = fieldsByPath(plan);
  const field = fieldOf(request.field, fields);
  const { terms } = termsOf(field, request.limit) as { readonly terms: Query };
  const include = field.array && request.prefix !== '' ? { include: patternOf(request.prefix, field) } : {};
  const body = {
    size: 0,
    track_total_hits: false,
    query: all([
      ...compileFilter(request.where, fields),
      ...(request.prefix === '' ? [] : [beginsWith(request.prefix, field)]),
    ]),
    aggs: { of: { terms: { ...terms, ...include } } },
  };
  const { buckets } = aggregationsOf(await askSearch(server, index, body, options))['of'] as Buckets;
  return buckets.slice(0, request.limit).map(({ key, doc_count: count }) => ({ value: String(key), count }));
}

/** A field in a list is asked at the root, where all its values are (include_in_root). */
function beginsWith(prefix: string, field: QueryField): Query {
  const whole: Query =
    field.kind === 'id'
      ? { prefix: { [field.path]: { value: prefix, case_insensitive: true } } }
      : { prefix: { [`${field.path}.sort`]: { value: prefix } } };
  if (!isText(field) || !isOneWord(prefix)) return whole;
  return {
    bool: {
      should: [whole, { match_bool_prefix: { [textPath(field)]: { query: prefix } } }],
      minimum_should_match: 1,
    },
  };
}

/** The start of a single word; of several, or with signs within, only whole values are asked. */
export function isOneWord(text: string): boolean {
  return /^[\p{L}\p{N}\p{M}]+$/u.test(text);
}

/**
 * A document with one value of a list that begins so has other values beside it: this leaves those out. Lucene's pattern
 * language, in which every sign of the prefix is escaped and every letter stands for both of its cases.
 */
export function patternOf(prefix: string, field: QueryField): string {
  const literal = [...prefix].map(eitherCase).join('');
  const afterOthers = isText(field) && isOneWord(prefix) ? '(.*[ \\-\\/,;()\\"+&!?])?' : '';
  return `${afterOthers}${literal}.*`;
}

function eitherCase(letter: string): string {
  const cases = new Set([letter, letter.toLowerCase(), letter.toUpperCase()]);
  // Folded, the dotted capital is an i like any other.
  if (cases.has('i') || cases.has('İ')) for (const one of ['i', 'I', 'İ']) cases.add(one);
  const of = [...cases].filter((one) => [...one].length === 1).map(escaped);
  return of.length === 1 ? (of[0] ?? '') : `(${of.join('|')})`;
}

/** A letter after a backslash would be a class of its own (`\\d`), so that only what is neither letter nor digit has one. */
function escaped(letter: string): string {
  return /[\p{L}\p{N}\p{M}]/u.test(letter) ? letter : `\\${letter}`;
}
