import type { FacetAnswer, PointInTime, SearchAnswer, SearchRequest } from '#search';
import { canonicalQuery, canonicalSearch, decodeCursor, encodeCursor, type CursorState } from './cursor.js';
import { QueryInvalidError, type QueryFault } from './faults.js';
import type { BeforeRead } from './freshness/own-writes.js';
import { guardMark, type GuardedView } from './guard/guarded-view.js';
import { parseQuery, type ListQuery, type Parsed } from './parse/parse.js';
import { parseSearch, readBody, searchMembers } from './parse/search-body.js';
import { letGo, noWait, understood, type Reading } from './reading.js';
import type { ServedView } from './served-view.js';

export interface Page {
  /** Documents as they are stored, as JSON texts. */
  readonly documents: readonly string[];
  /** null when the query wanted none. */
  readonly total: number | null;
  readonly totalIsExact: boolean;
  /** The cursor of the next page, or null on the last. */
  readonly next: string | null;
  /** By field, on a first or numbered page of a query that has facets. */
  readonly facets?: Readonly<Record<string, FacetAnswer>>;
  /** By id of the document and field, when they were asked for; documents without marks are not in it. */
  readonly highlights?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** A list as it was asked, whether by a query string or by the JSON of a search. */
export interface AskedList {
  readonly cursor: string | null;
  /** Everything but the cursor, in one order; empty when there is nothing. */
  readonly canonical: string;
  readonly parse: (view: ServedView, now: number) => Parsed;
}

export function askedByQuery(text: string): AskedList {
  const cursors = new URLSearchParams(text).getAll('cursor');
  const [cursor] = cursors;
  return {
    // An empty or repeated cursor is a fault of the query string, which the parser reports with all others.
    cursor: cursor === undefined || cursor === '' || cursors.length > 1 ? null : cursor,
    canonical: canonicalQuery(text),
    parse: (view, now) => parseQuery(text, view, now),
  };
}

export function askedByBody(body: unknown): AskedList {
  const read = readBody(body, searchMembers);
  const cursor = 'body' in read ? read.body['cursor'] : null;
  return {
    // As above: what is no text, or no body, is a fault that the parser reports.
    cursor: typeof cursor === 'string' && cursor !== '' ? cursor : null,
    canonical: 'body' in read ? canonicalSearch(read.body) : '',
    parse: (view, now) => parseSearch(body, view, now),
  };
}

/** One page. @throws {QueryInvalidError} with all faults of the query */
export async function readPage(
  reading: Reading,
  alias: string,
  view: GuardedView,
  asked: AskedList,
  signal: AbortSignal,
  before: BeforeRead = noWait,
): Promise<Page> {
  const { clock, cursorSecret, snapshots } = reading;
  const guard = guardMark(view, cursorSecret);
  const continued = continuedBy(asked, view, guard, cursorSecret);
  const now = continued?.now ?? clock.now().getTime();
  const query = understood(continued === null ? asked.parse(view, now) : parsed(continued.query, view, now));
  if (continued !== null && continued.after.length !== query.sort.length)
    throw new QueryInvalidError([cursorInvalid]);
  const how = await before(continued?.snapshot ? 'held' : 'now');
  const begun = query.snapshotMs === null ? null : { keepMs: query.snapshotMs };
  const held = continued?.snapshot ?? (begun && (await snapshots.open(alias, begun.keepMs)));
  const state = { view: view.name, query: continued?.query ?? withoutPage(asked.canonical), now, guard };
  try {
    return await searchPage(reading, alias, view, { query, continued, held, state, how }, signal);
  } catch (error) {
    // A page that failed may be asked for again; a walk that did not begin has no cursor to do so.
    if (held !== null && continued === null) await letGo(reading, held);
    throw error;
  }
}

interface Walk {
  readonly query: ListQuery;
  readonly continued: CursorState | null;
  readonly held: PointInTime | null;
  readonly state: Pick<CursorState, 'view' | 'query' | 'now' | 'guard'>;
  readonly how: Awaited<ReturnType<BeforeRead>>;
}

async function searchPage(
  reading: Reading,
  alias: string,
  view: GuardedView,
  { query, continued, held, state, how }: Walk,
  signal: AbortSignal,
): Promise<Page> {
  const { index, deadlineMs, snapshots, cursorSecret } = reading;
  const request = { ...requestOf(query, continued), ...(held && { pointInTime: held }) };
  const answer = await index.search(alias, view, request, { signal, deadlineMs, ...how });
  const { total, totalIsExact } = continued ?? counted(answer, query);
  const snapshot = held && snapshots.used(held, answer.pointInTimeId ?? held.id);
  const next = nextCursor(answer, query.limit, { ...state, total, totalIsExact, snapshot }, cursorSecret);
  if (next === null && snapshot !== null) await letGo(reading, snapshot);
  const hits = answer.hits.slice(0, query.limit);
  const marked = hits.flatMap(({ id, highlights = {} }) =>
    Object.keys(highlights).length === 0 ? [] : [[id, highlights] as const],
  );
  return {
    documents: hits.map((hit) => hit.source),
    total,
    totalIsExact,
    next,
    ...(answer.facets === undefined ? {} : { facets: answer.facets }),
    ...(query.highlight === null ? {} : { highlights: Object.fromEntries(marked) }),
  };
}

function requestOf(query: ListQuery, continued: CursorState | null): SearchRequest {
  const { where, q, in: searched, sort, fields, facets, highlight, totals, page } = query;
  return {
    where,
    q,
    in: searched,
    sort,
    fields,
    // One more than asked tells whether there is a next page; the last page of a numbered walk stays within its depth.
    limit: query.limit === 0 ? 0 : query.limit + 1,
    after: continued?.after ?? null,
    offset: page === null || continued !== null ? 0 : (page - 1) * query.limit,
    totals,
    // Counts of all matches are the same on every page: as the total, they come with the first.
    ...(facets.length === 0 || continued !== null ? {} : { facets }),
    ...(highlight === null ? {} : { highlight }),
  };
}

function counted(
  { total, totalIsExact }: SearchAnswer,
  { totals }: ListQuery,
): Pick<CursorState, 'total' | 'totalIsExact'> {
  return totals === 'none' ? { total: null, totalIsExact: false } : { total, totalIsExact };
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

const cursorInvalid: QueryFault = {
  parameter: 'cursor',
  code: 'cursor_invalid',
  detail:
    "This is no cursor of this server. Take 'next' of the page before as it is, and see that all servers have the same CURSOR_SECRET.",
};

/** The state that the query continues, or null when it has no cursor. A cursor stands alone or with its own query. */
function continuedBy(
  { cursor, canonical }: AskedList,
  view: ServedView,
  guard: string | null,
  secret: string,
): CursorState | null {
  if (cursor === null) return null;
  const state = decodeCursor(cursor, secret);
  if (state === null) throw new QueryInvalidError([cursorInvalid]);
  if (state.view !== view.name || (canonical !== '' && canonical !== state.query))
    throw new QueryInvalidError([mismatch(anotherQuery)]);
  if (state.guard !== guard) throw new QueryInvalidError([mismatch(othersWalk)]);
  return state;
}

const anotherQuery =
  'This cursor continues another query. Send it alone, or with exactly the parameters of its first page.';
const othersWalk =
  'This cursor continues the walk of somebody who sees other documents. Begin again without it.';

function mismatch(detail: string): QueryFault {
  return { parameter: 'cursor', code: 'cursor_mismatch', detail };
}

function parsed(canonical: string, view: ServedView, now: number): Parsed {
  return canonical.startsWith('{')
    ? parseSearch(JSON.parse(canonical), view, now)
    : parseQuery(canonical, view, now);
}

/** The cursor of a numbered page goes on after that page, and has no number itself. */
function withoutPage(canonical: string): string {
  if (canonical.startsWith('{')) return canonical;
  const parameters = new URLSearchParams(canonical);
  parameters.delete('page');
  return parameters.toString();
}
