import type { ClientBase, Pool } from 'pg';
import type { ViewCounts } from './activity-counts.js';
import { LAG_BUCKETS, lagPercentile } from './lag-histogram.js';

/** What all processes built of one view lately. */
export interface ViewActivity {
  readonly documents: number;
  /** Documents a second, over the window. */
  readonly rate: number;
  /** From the event to the answer of the index, in seconds; null where nothing that was built came from an event. */
  readonly lagP50: number | null;
  readonly lagP99: number | null;
}

/** Writes what a process built since its last beat. In the caller's transaction. */
export async function noteActivity(
  client: ClientBase,
  process: string,
  counts: readonly ViewCounts[],
): Promise<void> {
  for (const { view, documents, lags } of counts)
    await client.query('INSERT INTO activity (process, view, documents, lags) VALUES ($1, $2, $3, $4)', [
      process,
      view,
      documents,
      lags.slice(0, lags.findLastIndex((count) => count > 0) + 1),
    ]);
}

/** What was built in the last `seconds`, by view; a view of which nothing was built is not in it. */
export async function readActivity(pool: Pool, seconds = 60): Promise<ReadonlyMap<string, ViewActivity>> {
  const { rows } = await pool.query<{ view: string; documents: number; buckets: number[]; counts: number[] }>(
    `WITH recent AS (SELECT view, documents, lags FROM activity WHERE at > now() - $1 * interval '1 second'),
          built AS (SELECT view, sum(documents)::float8 AS documents FROM recent GROUP BY view),
          counted AS (
            SELECT view, bucket, sum(count)::float8 AS count
            FROM recent, unnest(lags) WITH ORDINALITY AS lag (count, bucket)
            GROUP BY view, bucket
          )
     SELECT view, documents,
            ARRAY(SELECT bucket::int FROM counted WHERE counted.view = built.view ORDER BY bucket) AS buckets,
            ARRAY(SELECT count FROM counted WHERE counted.view = built.view ORDER BY bucket) AS counts
     FROM built`,
    [seconds],
  );
  return new Map(
    rows.map(({ view, documents, buckets, counts }) => {
      const lags = new Array<number>(LAG_BUCKETS).fill(0);
      // Ordinality counts from one.
      buckets.forEach((bucket, at) => (lags[bucket - 1] = counts[at] ?? 0));
      const activity = {
        documents,
        rate: documents / seconds,
        lagP50: lagPercentile(lags, 0.5),
        lagP99: lagPercentile(lags, 0.99),
      };
      return [view, activity];
    }),
  );
}
