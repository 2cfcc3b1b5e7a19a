import { SearchUnavailableError } from '../errors.js';
import type { SearchOptions, StoredDocument } from '../search-index.js';
import { failure, serverError } from './failure.js';
import { inPath, type Server } from './indices.js';
import { itemSpans, memberSpans, slice, type Span } from './raw-json.js';

// No filter_path on what holds documents: with it Elasticsearch writes them anew, and they are no longer byte for byte.

/** Realtime: it sees a write that search does not see yet. */
export async function getDocument(
  server: Server,
  index: string,
  id: string,
  { signal, deadlineMs }: SearchOptions,
): Promise<StoredDocument | null> {
  const path = `/${inPath(index)}/_doc/${inPath(id)}`;
  const answer = await server.connection.ask({
    method: 'GET',
    path,
    deadlineMs,
    ...(signal ? { signal } : {}),
  });
  if (answer.status === 200) return documentOf(answer.text, { start: 0, end: answer.text.length });
  if (answer.status === 404 && serverError(answer).type === 'unknown') return null;
  throw failure(answer, index, deadlineMs);
}

export async function scanDocuments(
  server: Server,
  index: string,
  after: string | null,
  limit: number,
): Promise<readonly StoredDocument[]> {
  const body = JSON.stringify({
    size: limit,
    version: true,
    track_total_hits: false,
    sort: [{ id: 'asc' }],
    ...(after === null ? {} : { search_after: [after] }),
  });
  const path = `/${inPath(index)}/_search?allow_partial_search_results=false`;
  const answer = await server.connection.ask({ method: 'POST', path, body });
  if (answer.status !== 200) throw failure(answer, index, server.requestTimeoutMs);
  return hitsOf(answer.text).hits.map((hit) => documentOf(answer.text, hit));
}

/** The members of a search answer, and its hits. A part of the shards is no answer: documents would be missing unseen. */
export function hitsOf(text: string): { readonly root: Map<string, Span>; readonly hits: readonly Span[] } {
  const root = memberSpans(text, 0);
  const shards = root.get('_shards');
  const failed = shards === undefined ? undefined : memberSpans(text, shards.start).get('failed');
  if (failed !== undefined && slice(text, failed) !== '0')
    throw new SearchUnavailableError(`${slice(text, failed)} shard(s) did not answer.`);
  const outer = root.get('hits');
  const inner = outer === undefined ? undefined : memberSpans(text, outer.start).get('hits');
  return { root, hits: inner === undefined ? [] : itemSpans(text, inner.start) };
}

export function documentOf(text: string, span: Span): StoredDocument {
  const members = memberSpans(text, span.start);
  const read = (name: string): string => {
    const found = members.get(name);
    if (found === undefined) throw new SyntaxError(`The answer has a document without '${name}'.`);
    return slice(text, found);
  };
  return {
    id: JSON.parse(read('_id')) as string,
    revision: Number(read('_version')),
    source: read('_source'),
  };
}
