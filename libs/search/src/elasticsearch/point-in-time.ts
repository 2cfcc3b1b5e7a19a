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
  const path = `/${inPath(index)}/_stats/search?filter_path=_all.total.search.open_contexts`;
  const answer = await server.connection.ask({ method: 'GET', path });
  // Closed, it is as little read as one that is not there.
  if (unread.has(serverError(answer).type)) return 0;
  if (answer.status !== 200) throw failure(answer, index, server.requestTimeoutMs);
  const { _all } = JSON.parse(answer.text) as { _all?: { total: { search: { open_contexts: number } } } };
  return _all?.total.search.open_contexts ?? 0;
}
