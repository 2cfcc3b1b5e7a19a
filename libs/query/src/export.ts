import type { PointInTime, SearchRequest } from '#search';
import type { BeforeRead } from './freshness/own-writes.js';
import type { GuardedView } from './guard/guarded-view.js';
import { exportWords, parseQuery, type ListQuery } from './parse/parse.js';
import { letGo, noWait, understood, type Reading } from './reading.js';

/** Documents of one search. More would be held in memory while a slow caller reads. */
const EXPORT_CHUNK = 1_000;
/** How long a caller may take to read a chunk; with back-pressure that is its own pace. */
const EXPORT_KEEP_MS = 5 * 60_000;
/**
 * Every match as chunks of JSON texts, of one state of one generation. The first chunk is there when this resolves, so
 * that what can not be begun is an error; the state is let go at the end, and when the reader or `signal` ends it.
 * @throws {QueryInvalidError} @throws {TooManySnapshotsError}
 */
export async function beginExport(
  reading: Reading,
  alias: string,
  view: GuardedView,
  text: string,
  signal: AbortSignal,
  before: BeforeRead = noWait,
): Promise<AsyncGenerator<readonly string[]>> {
  const query = understood(parseQuery(text, view, reading.clock.now().getTime(), exportWords));
  await before();
  const held = await reading.snapshots.open(alias, EXPORT_KEEP_MS);
  const chunks = exportChunks(reading, alias, view, query, held, signal);
  // What can not be begun is an error answer; later there is none any more, only a stream that breaks off.
  const first = await chunks.next();
  // A stream that is given up before it was read never gets to the end of what it reads from.
  signal.addEventListener('abort', () => void chunks.return(undefined), { once: true });
  return withFirst(first, chunks);
}

async function* exportChunks(
  reading: Reading,
  alias: string,
  view: GuardedView,
  query: ListQuery,
  begun: PointInTime,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  const { index, snapshots, deadlineMs } = reading;
  const { where, q, in: searched, sort, fields } = query;
  let held = begun;
  try {
    for (let after: SearchRequest['after'] = null; ;) {
      const request: SearchRequest = {
        where,
        q,
        in: searched,
        sort,
        fields,
        limit: EXPORT_CHUNK,
        after,
        offset: 0,
        totals: 'none',
        pointInTime: held,
      };
      const answer = await index.search(alias, view, request, { signal, deadlineMs });
      held = snapshots.used(held, answer.pointInTimeId ?? held.id);
      if (answer.hits.length > 0) yield answer.hits.map((hit) => hit.source);
      const last = answer.hits.at(-1);
      if (last === undefined || answer.hits.length < EXPORT_CHUNK) return;
      after = last.sortValues;
    }
  } finally {
    await letGo(reading, held);
  }
}

async function* withFirst<T>(first: IteratorResult<T, unknown>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    if (first.done === true) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
