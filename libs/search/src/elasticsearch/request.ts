import { SearchRefusedError, SearchTimeoutError } from '../errors.js';
import type { SearchOptions } from '../search-index.js';
import { readBy } from './connection.js';
import { membersOfAnswer, type AnswerMembers } from './documents.js';
import { failure, serverError } from './failure.js';
import type { Query } from './filter.js';
import { inPath, type Server } from './indices.js';
import { slice } from './raw-json.js';
import type { Fields } from '../fields.js';
import { textFields } from '../fields.js';
import { compileText } from './text-query.js';

/** A search answer: its text, and where its parts are. */
export interface RawAnswer extends AnswerMembers {
  readonly text: string;
}

/** The server gives up first, so that a search which is too heavy has an answer, and is told from a server that has none. */
const serverShare = 0.9;

/** Asks `_search`; null is no index, since a point in time names its own. */
export async function askSearch(
  server: Server,
  index: string | null,
  body: Query,
  options: SearchOptions,
): Promise<RawAnswer> {
  const { deadlineMs } = options;
  const answer = await server.connection.ask({
    method: 'POST',
    path: `${index === null ? '' : `/${inPath(index)}`}/_search?allow_partial_search_results=false`,
    body: JSON.stringify({ timeout: `${Math.ceil(deadlineMs * serverShare)}ms`, ...body }),
    ...readBy(options),
  });
  if (answer.status !== 200) {
    if (serverError(answer).type === 'too_many_buckets_exception')
      throw new SearchRefusedError(
        400,
        'there are too many groups: ask for longer intervals or fewer facets',
      );
    throw failure(answer, index ?? 'a point in time', deadlineMs);
  }
  const members = membersOfAnswer(answer.text);
  const timedOut = members.root.get('timed_out');
  if (timedOut !== undefined && slice(answer.text, timedOut) === 'true')
    throw new SearchTimeoutError(deadlineMs);
  return { text: answer.text, ...members };
}

/** The query of `q` and of filter clauses. */
export function compileQuery(
  { q, in: searched }: { readonly q: string | null; readonly in: readonly string[] | null },
  clauses: readonly Query[],
  fields: Fields,
): Query {
  return {
    bool: {
      ...(clauses.length === 0 ? {} : { filter: clauses }),
      ...(q === null ? {} : { must: [compileText(q, textFields(searched, fields))] }),
    },
  };
}

/** The aggregations of an answer, which hold counts only and no document. */
export function aggregationsOf({ text, root }: RawAnswer): Readonly<Record<string, unknown>> {
  const span = root.get('aggregations');
  return span === undefined ? {} : (JSON.parse(slice(text, span)) as Record<string, unknown>);
}
