import type { QueryField } from '#views';
import { SearchRefusedError } from '../errors.js';
import { mostTerms } from '../limits.js';
import type { Query } from './filter.js';

interface Term {
  readonly text: string;
  readonly phrase: boolean;
  readonly without: boolean;
}

/**
 * What a person typed: all words, the last one as a prefix, `"phrases"`, `-without`. It is cut up here and handed over as
 * values, so that no user's text ever reaches a query language. An unclosed quote is a phrase to the end.
 */
export function parseText(text: string): Term[] {
  return [...text.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/gu)]
    .map(([, minus, phrase, word]) => ({
      text: (phrase ?? word ?? '').trim(),
      phrase: phrase !== undefined,
      without: minus === '-',
    }))
    .filter((term) => term.text !== '' && term.text !== '-');
}

/** One typo from four letters, two from eight; below, a typo would match half the dictionary. */
const fuzziness = 'AUTO:4,8';

/**
 * The query of a text over fields.
 * @param purpose for marks, a prefix is asked of the words themselves: the indexed prefixes, which find it at once, stand
 *   in a field of their own, in which nothing could be marked
 */
export function compileText(
  text: string,
  fields: readonly QueryField[],
  purpose: 'to find' | 'for marks' = 'to find',
): Query {
  const terms = parseText(text);
  if (terms.length > mostTerms)
    throw new SearchRefusedError(400, `a search may hold ${mostTerms} words, and has ${terms.length}`);
  const paths = fields.map((field) => `${textPath(field)}^${field.hints.text?.weight ?? 1}`);
  const wanted = terms.filter((term) => !term.without);
  return {
    bool: {
      must: wanted.map((term, at) => {
        if (term.phrase) return phrase(term.text, paths);
        const isLast = at === wanted.length - 1;
        const prefixes = isLast && purpose === 'for marks' ? wordsFrom(term.text, fields) : [];
        return word(term.text, paths, isLast, prefixes);
      }),
      must_not: terms
        .filter((term) => term.without)
        .map(({ text: unwanted }) => ({ multi_match: { query: unwanted, fields: paths, type: 'phrase' } })),
    },
  };
}

/** Where the words of a field are indexed. */
export function textPath(field: QueryField): string {
  return field.kind === 'prose' ? field.path : `${field.path}.text`;
}

function phrase(query: string, fields: readonly string[]): Query {
  return { multi_match: { query, fields, type: 'phrase', zero_terms_query: 'all' } };
}

/** The exact word counts most, then a word that it begins, then one with a typo. */
function word(query: string, fields: readonly string[], last: boolean, prefixes: readonly Query[]): Query {
  // Signs alone ("&") make no term and restrict nothing; a word such as "blue-lamp" makes two, and both have to be there.
  const common = { query, fields, operator: 'and', zero_terms_query: 'all' };
  const should: Query[] = [
    { multi_match: { ...common, boost: 2 } },
    { multi_match: { ...common, fuzziness, prefix_length: 1, boost: 0.5 } },
    ...prefixes,
  ];
  if (last) should.push({ multi_match: { ...common, type: 'bool_prefix' } });
  return { bool: { should, minimum_should_match: 1 } };
}

/** The words that begin with the last part of a text, as a range of words: no sign of it is a pattern's. */
function wordsFrom(text: string, fields: readonly QueryField[]): Query[] {
  const last = /[\p{L}\p{N}\p{M}_]+$/u.exec(text)?.[0].toLowerCase();
  if (last === undefined) return [];
  return fields.map((field) => ({ range: { [textPath(field)]: { gte: last, lt: `${last}\u{10ffff}` } } }));
}
