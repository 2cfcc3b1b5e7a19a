import { isObject } from './problem.js';

/** The members of queries as the client is given them; their types are in query.ts. */
export interface Asked {
  // The words of all queries are told apart by the compiler, and sent as they are.
  readonly q?: string;
  readonly where?: object;
  readonly sort?: string | readonly string[];
  readonly page?: number;
  readonly snapshot?: string;
  readonly cursor?: string;
  readonly limit?: number;
  readonly in?: readonly string[];
}

/**
 * A query as the body of `_search`: `null` in a filter becomes `{ exists: false }`, which is how the server is asked for
 * it, and a condition that asks nothing is left out, since its absence is meant and the server refuses it as a slip.
 */
export function bodyOf({ where, sort, ...words }: Asked): object {
  return { ...words, ...(where && { where: filterOf(where) }), ...(sort && { sort: [sort].flat() }) };
}

/** What a word of a query has: a list of texts, or one value. */
type Word = string | number | boolean | readonly string[] | undefined;

/** The same query as a query string, its filter as JSON. Lists are joined by commas; empty ones are left out. */
export function queryStringOf({ where, ...words }: Asked): URLSearchParams {
  const query = new URLSearchParams();
  const filter = where === undefined ? {} : filterOf(where);
  if (Object.keys(filter).length > 0) query.set('where', JSON.stringify(filter));
  for (const [word, value] of Object.entries<Word>(words)) {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    query.set(word, String(value));
  }
  return query;
}

function filterOf(where: object): object {
  return Object.fromEntries(Object.entries(where).flatMap(([name, asked]) => partOf(name, asked)));
}

function partOf(name: string, asked: unknown): readonly (readonly [string, unknown])[] {
  if (asked === undefined) return [];
  if (asked === null) return [[name, { exists: false }]];
  if ((name === 'and' || name === 'or') && Array.isArray(asked))
    return [[name, asked.map((one) => (isObject(one) ? filterOf(one) : (one as unknown)))]];
  if (!isObject(asked)) return [[name, asked]];
  if (name === 'not') return [[name, filterOf(asked)]];
  const operators = Object.entries(asked).filter(([, operand]) => operand !== undefined);
  return operators.length === 0 && Object.keys(asked).length > 0
    ? []
    : [[name, Object.fromEntries(operators)]];
}
