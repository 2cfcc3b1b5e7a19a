import type { Clock } from '#kernel';
import type { SearchAnswer, SearchIndex, StoredDocument } from '#search';
import { canonicalQuery, decodeCursor, encodeCursor, type CursorState } from './cursor.js';
import { QueryInvalidError, type QueryFault } from './faults.js';
import { parseQuery, type ListQuery } from './parse/parse.js';
import type { ServedView } from './served-view.js';

export interface ReaderOptions {
  readonly index: SearchIndex;
  /** Before the view's name, as the projector has it. */
  readonly indexPrefix: string;
  readonly cursorSecret: string;
  readonly clock: Clock;
  /** How long one request may keep the search server busy, in milliseconds. */
  readonly deadlineMs: number;
}

export interface Page {
  /** Documents as they are stored, as JSON texts. */
  readonly documents: readonly string[];
  readonly total: number;
  readonly totalIsExact: boolean;
  /** The cursor of the next page, or null on the last. */
  readonly next: string | null;
}

/** Reads views. Every read goes to the index that the view's alias points at, so that a swap needs no word here. */
export interface Reader {
  /** @throws {QueryInvalidError} with all faults of the query string */
  list(view: ServedView, query: string, signal: AbortSignal): Promise<Page>;
  get(view: ServedView, id: string, signal: AbortSignal): Promise<StoredDocument | null>;
}

export function createReader(options: ReaderOptions): Reader {
  const { index, indexPrefix, deadlineMs } = options;
  const aliasOf = (view: ServedView): string => `${indexPrefix}${view.name}`;
  return {
    list: (view, query, signal) => list(options, aliasOf(view), view, query, signal),
    get: (view, id, signal) => index.get(aliasOf(view), id, { signal, deadlineMs }),
  };
}

async function list(
  { index, cursorSecret, clock, deadlineMs }: ReaderOptions,
  alias: string,
  view: ServedView,
  text: string,
  signal: AbortSignal,
): Promise<Page> {
  const continued = readCursor(text, view, cursorSecret);
  const now = continued?.now ?? clock.now().getTime();
  const query = understood(continued?.query ?? text, view, now);
  const after = continued?.after ?? null;
  if (after !== null && after.length !== query.sort.length) throw new QueryInvalidError([cursorInvalid]);
  const offset = query.page === null || after !== null ? 0 : (query.page - 1) * query.limit;

  // One more than asked tells whether there is a next page; the last page of a numbered walk stays within its depth.
  const { where, q, in: searched, sort, fields, limit } = query;
  const answer = await index.search(
    alias,
    view.plan,
    { where, q, in: searched, sort, fields, limit: limit === 0 ? 0 : limit + 1, after, offset },
    { signal, deadlineMs },
  );
  const { total, totalIsExact } = continued ?? answer;
  const state = { view: view.name, query: continued?.query ?? withoutPage(text), now, total, totalIsExact };
  return {
    documents: answer.hits.slice(0, limit).map((hit) => hit.source),
    total,
    totalIsExact,
    next: nextCursor(answer, limit, state, cursorSecret),
  };
}

function nextCursor(
  answer: SearchAnswer,
  limit: number,
  state: Omit<CursorState, 'after'>,
  secret: string,
): string | null {
  const last = answer.hits[limit - 1];
  return last === undefined || answer.hits.length <= limit
    ? null
    : encodeCursor({ ...state, after: last.sortValues }, secret);
}

function understood(text: string, view: ServedView, now: number): ListQuery {
  const parsed = parseQuery(text, view, now);
  if ('faults' in parsed) throw new QueryInvalidError(parsed.faults);
  return parsed.query;
}

const cursorInvalid: QueryFault = {
  parameter: 'cursor',
  code: 'cursor_invalid',
  detail:
    "This is no cursor of this server. Take 'next' of the page before as it is, and see that all servers have the same CURSOR_SECRET.",
};

/** The state that the query continues, or null when it has no cursor. A cursor stands alone or with its own query. */
function readCursor(text: string, view: ServedView, secret: string): CursorState | null {
  const cursors = new URLSearchParams(text).getAll('cursor');
  const [cursor] = cursors;
  // An empty or repeated cursor is a fault of the query string, which the parser reports with all others.
  if (cursor === undefined || cursor === '' || cursors.length > 1) return null;
  const state = decodeCursor(cursor, secret);
  if (state === null) throw new QueryInvalidError([cursorInvalid]);
  const others = canonicalQuery(text);
  if (state.view !== view.name || (others !== '' && others !== state.query))
    throw new QueryInvalidError([
      {
        parameter: 'cursor',
        code: 'cursor_mismatch',
        detail:
          'This cursor continues another query. Send it alone, or with exactly the parameters of its first page.',
      },
    ]);
  return state;
}

/** The cursor of a numbered page goes on after that page, and has no number itself. */
function withoutPage(text: string): string {
  const parameters = new URLSearchParams(canonicalQuery(text));
  parameters.delete('page');
  return parameters.toString();
}
