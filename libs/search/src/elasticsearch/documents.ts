import { SearchUnavailableError } from '../errors.js';
import type {
  KeyRange,
  RevisionPage,
  ScanPage,
  ScanPosition,
  SearchOptions,
  StoredDocument,
} from '../search-index.js';
import { readBy } from './connection.js';
import { failure, serverError } from './failure.js';
import { inPath, type Server } from './indices.js';
import { itemSpans, memberSpans, skipValue, slice, walkItems, walkMembers, type Span } from './raw-json.js';

// No filter_path on what holds documents: with it Elasticsearch writes them anew, and they are no longer byte for byte.

/** Realtime: it sees a write that search does not see yet. */
export async function getDocument(
  server: Server,
  index: string,
  id: string,
  options: SearchOptions,
): Promise<StoredDocument | null> {
  const path = `/${inPath(index)}/_doc/${inPath(id)}`;
  const answer = await server.connection.ask({ method: 'GET', path, ...readBy(options) });
  if (answer.status === 200) return documentOf(answer.text, { start: 0, end: answer.text.length });
  if (answer.status === 404 && serverError(answer).type === 'unknown') return null;
  throw failure(answer, index, options.deadlineMs);
}

/** Elasticsearch gathers the whole answer in memory, so a call with many ids is cut into requests of so many. */
const idsPerRequest = 500;

/** Realtime, as `getDocument`. */
export async function getDocuments(
  server: Server,
  index: string,
  ids: readonly string[],
  options: SearchOptions,
): Promise<ReadonlyMap<string, StoredDocument>> {
  const found = new Map<string, StoredDocument>();
  for (let at = 0; at < ids.length; at += idsPerRequest) {
    const answer = await server.connection.ask({
      method: 'POST',
      path: `/${inPath(index)}/_mget`,
      body: JSON.stringify({ ids: ids.slice(at, at + idsPerRequest) }),
      ...readBy(options),
    });
    if (answer.status !== 200) throw failure(answer, index, options.deadlineMs);
    for (const document of foundOf(answer.text, index, options.deadlineMs)) found.set(document.id, document);
  }
  return found;
}

function foundOf(text: string, index: string, deadlineMs: number): readonly StoredDocument[] {
  const docs = memberSpans(text, 0).get('docs');
  if (docs === undefined) throw new SyntaxError("The answer has no member 'docs'.");
  return itemSpans(text, docs.start).flatMap((span) => {
    const members = memberSpans(text, span.start);
    const error = members.get('error');
    // The request as a whole is 200 although the index is gone or closed.
    if (error !== undefined) throw failure({ status: 503, text: slice(text, span) }, index, deadlineMs);
    const isFound = members.get('found');
    return isFound !== undefined && slice(text, isFound) === 'true' ? [documentOf(text, span)] : [];
  });
}

export async function scanDocuments(
  server: Server,
  index: string,
  after: string | null,
  limit: number,
): Promise<readonly StoredDocument[]> {
  const page = await scanKeys(server, index, { after, to: null }, null, limit);
  return page.documents;
}

/**
 * Ordered by the `id` field, since `_id` has no values that can be sorted by. The sequence number tells apart what has the
 * same key: a page may end between two of them, and the second would be passed over.
 */
export async function scanKeys(
  server: Server,
  index: string,
  range: KeyRange,
  from: ScanPosition | null,
  limit: number,
): Promise<ScanPage> {
  const text = await scanned(server, index, byKey(range, from, limit));
  const { hits } = membersOfAnswer(text);
  let last: ScanPosition | null = null;
  const documents = hits.map((members) => {
    const [key, tie] = JSON.parse(textOf(text, members, 'sort')) as [string, number];
    last = { key, tie };
    return { ...storedIn(text, members), key };
  });
  return { documents, next: hits.length < limit ? null : last };
}

/** Of each document only values of columns are read, which costs the server a third of what reading it would. */
export async function scanRevisions(
  server: Server,
  index: string,
  range: KeyRange,
  from: ScanPosition | null,
  limit: number,
): Promise<RevisionPage> {
  const text = await scanned(server, index, {
    ...byKey(range, from, limit),
    _source: false,
    stored_fields: '_none_',
  });
  const { hits, _shards } = JSON.parse(text) as RevisionsAnswer;
  if (_shards.failed > 0) throw partMissing(_shards.failed);
  const [key, tie] = hits.hits.at(-1)?.sort ?? [];
  return {
    documents: hits.hits.map(({ _version, sort }) => ({ key: sort[0], revision: _version })),
    next: key === undefined || tie === undefined || hits.hits.length < limit ? null : { key, tie },
  };
}

interface RevisionsAnswer {
  readonly _shards: { readonly failed: number };
  readonly hits: {
    readonly hits: readonly { readonly _version: number; readonly sort: readonly [string, number] }[];
  };
}

function byKey({ after, to }: KeyRange, from: ScanPosition | null, limit: number): Record<string, unknown> {
  const bounds = { ...(after === null ? {} : { gt: after }), ...(to === null ? {} : { lte: to }) };
  const query = after === null && to === null ? { exists: { field: 'id' } } : { range: { id: bounds } };
  return {
    size: limit,
    query: { bool: { filter: [query] } },
    sort: [{ id: 'asc' }, { _seq_no: 'asc' }],
    ...(from === null ? {} : { search_after: [from.key, from.tie] }),
  };
}

export async function scanStrays(
  server: Server,
  index: string,
  limit: number,
): Promise<readonly StoredDocument[]> {
  const text = await scanned(server, index, {
    size: limit,
    query: { bool: { must_not: [{ exists: { field: 'id' } }] } },
  });
  const { hits } = membersOfAnswer(text);
  return hits.map((members) => storedIn(text, members));
}

async function scanned(
  server: Server,
  index: string,
  search: Readonly<Record<string, unknown>>,
): Promise<string> {
  const body = JSON.stringify({ version: true, track_total_hits: false, ...search });
  const path = `/${inPath(index)}/_search?allow_partial_search_results=false`;
  const answer = await server.connection.ask({ method: 'POST', path, body });
  if (answer.status !== 200) throw failure(answer, index, server.requestTimeoutMs);
  return answer.text;
}

/** Where the parts of a search answer are in its text. */
export interface AnswerMembers {
  /** All but the hits. */
  readonly root: ReadonlyMap<string, Span>;
  /** What stands beside the hits: their total, when it was counted. */
  readonly beside: ReadonlyMap<string, Span>;
  /** The members of each hit. */
  readonly hits: readonly ReadonlyMap<string, Span>[];
}

/**
 * Reads it in one pass: most of an answer is documents, and each pass over them costs as much as the rest of a request. A
 * part of the shards is no answer: documents would be missing unseen.
 */
export function membersOfAnswer(text: string): AnswerMembers {
  const [root, beside] = [new Map<string, Span>(), new Map<string, Span>()];
  const hits: ReadonlyMap<string, Span>[] = [];
  const keep = (members: Map<string, Span>, name: string, start: number): number => {
    const end = skipValue(text, start);
    members.set(name, { start, end });
    return end;
  };
  const hit = (at: number): number => {
    const members = new Map<string, Span>();
    hits.push(members);
    return walkMembers(text, at, (name, start) => keep(members, name, start));
  };
  walkMembers(text, 0, (name, at) => {
    if (name === '_shards') refusePart(text, at);
    if (name !== 'hits') return keep(root, name, at);
    return walkMembers(text, at, (inner, start) =>
      inner === 'hits' ? walkItems(text, start, hit) : keep(beside, inner, start),
    );
  });
  return { root, beside, hits };
}

function refusePart(text: string, shards: number): void {
  const failed = memberSpans(text, shards).get('failed');
  if (failed !== undefined && slice(text, failed) !== '0') throw partMissing(Number(slice(text, failed)));
}

function partMissing(shards: number): SearchUnavailableError {
  return new SearchUnavailableError(`${shards} shard(s) did not answer.`);
}

function documentOf(text: string, span: Span): StoredDocument {
  return storedIn(text, memberSpans(text, span.start));
}

export function storedIn(text: string, members: ReadonlyMap<string, Span>): StoredDocument {
  return {
    id: JSON.parse(textOf(text, members, '_id')) as string,
    revision: Number(textOf(text, members, '_version')),
    source: textOf(text, members, '_source'),
  };
}

function textOf(text: string, members: ReadonlyMap<string, Span>, name: string): string {
  const found = members.get(name);
  if (found === undefined) throw new SyntaxError(`The answer has a document without '${name}'.`);
  return slice(text, found);
}
