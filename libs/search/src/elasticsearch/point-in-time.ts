import { failure, serverError } from './failure.js';
import { inPath, type Server } from './indices.js';

export async function openPointInTime(server: Server, index: string, keepMs: number): Promise<string> {
  const path = `/${inPath(index)}/_pit?keep_alive=${keepMs}ms`;
  const answer = await server.connection.ask({ method: 'POST', path });
  if (answer.status !== 200) throw failure(answer, index, server.requestTimeoutMs);
  return (JSON.parse(answer.text) as { id: string }).id;
}

export async function closePointInTime(server: Server, id: string): Promise<void> {
  const answer = await server.connection.ask({
    method: 'DELETE',
    path: '/_pit',
    body: JSON.stringify({ id }),
  });
  // 404 is one that has expired, or went with its index.
  if (answer.status !== 200 && answer.status !== 404)
    throw failure(answer, 'a point in time', server.requestTimeoutMs);
}

const unread = new Set(['index_not_found_exception', 'index_closed_exception']);

/** Elasticsearch counts running searches and points in time together, on every copy of a shard. */
export async function countHolders(server: Server, index: string): Promise<number> {
  const { search } = await statsOf(server, index, '_all.total.search.open_contexts');
  return search?.open_contexts ?? 0;
}

export async function countReads(server: Server, index: string): Promise<number> {
  const wanted = '_all.total.search.query_total,_all.total.get.total';
  const { search, get } = await statsOf(server, index, wanted);
  return (search?.query_total ?? 0) + (get?.total ?? 0);
}

interface ReadingStats {
  readonly search?: { readonly open_contexts?: number; readonly query_total?: number };
  readonly get?: { readonly total?: number };
}

async function statsOf(server: Server, index: string, wanted: string): Promise<ReadingStats> {
  const path = `/${inPath(index)}/_stats/search,get?filter_path=${wanted}`;
  const answer = await server.connection.ask({ method: 'GET', path });
  // Closed, it is as little read as one that is not there.
  if (unread.has(serverError(answer).type)) return {};
  if (answer.status !== 200) throw failure(answer, index, server.requestTimeoutMs);
  const { _all } = JSON.parse(answer.text) as { _all?: { total: ReadingStats } };
  return _all?.total ?? {};
}
