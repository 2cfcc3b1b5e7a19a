import type { Pool } from 'pg';

/** A key whose roots are marked chunk by chunk. */
export interface FanOutJob {
  readonly id: string;
  readonly view: string;
  /** The source whose row changed, and the changed key. */
  readonly source: string;
  readonly key: string;
  readonly done: number;
  /** Null when it is not counted yet, or takes too long to count. More than the key has if it changed again meanwhile. */
  readonly total: number | null;
  /** Since its first change, in seconds. */
  readonly ageSeconds: number;
  /** Roots marked a second since its first chunk; null before it. */
  readonly rate: number | null;
}

/** The jobs that are not finished, oldest first, at most `limit`. */
export async function readFanOutJobs(pool: Pool, limit = 100): Promise<readonly FanOutJob[]> {
  const { rows } = await pool.query<FanOutJob>(
    `SELECT id, route ->> 'view' AS view, route ->> 'source' AS source, key, done::float8, total::float8,
            greatest(0, extract(epoch FROM now() - created_at))::float8 AS "ageSeconds",
            (done / nullif(greatest(0, extract(epoch FROM now() - started_at)), 0))::float8 AS rate
     FROM fan_out_job
     ORDER BY created_at, id
     LIMIT $1`,
    [limit],
  );
  return rows;
}

export interface FanOutJobCount {
  readonly view: string;
  readonly jobs: number;
  readonly done: number;
  /** Of those that are counted. */
  readonly total: number;
}

/** The unfinished jobs of each view that has any, together. */
export async function countFanOutJobs(pool: Pool): Promise<readonly FanOutJobCount[]> {
  const { rows } = await pool.query<FanOutJobCount>(
    `SELECT route ->> 'view' AS view, count(*)::int AS jobs, sum(done)::float8 AS done,
            coalesce(sum(total), 0)::float8 AS total
     FROM fan_out_job
     GROUP BY route ->> 'view'`,
  );
  return rows;
}
