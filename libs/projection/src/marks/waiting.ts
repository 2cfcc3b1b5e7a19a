import type { Pool } from 'pg';
import { priorityNumber, type Priority } from './priority.js';

/** How long the oldest mark has been waiting, in seconds; null when none waits. */
export async function oldestMark(pool: Pool): Promise<number | null> {
  return oldest(pool, 'mark');
}

/**
 * How long the oldest changed key has been waiting for its roots to be marked, in seconds; null when none waits. A job
 * counts from the first change that it stands for.
 */
export async function oldestFanOut(pool: Pool): Promise<number | null> {
  const fresh = await oldest(pool, 'fan_out');
  const { rows } = await pool.query<{ age: number | null }>(
    // Of no rows, min() is a null that greatest() would turn into nought.
    `SELECT greatest(0, extract(epoch FROM now() - min(created_at)))::float8 AS age FROM fan_out_job
     HAVING count(*) > 0`,
  );
  const job = rows[0]?.age ?? null;
  return fresh === null || job === null ? (fresh ?? job) : Math.max(fresh, job);
}

/**
 * By `seq`, whose index gives the first row at once: `min(created_at)` would read the whole backlog at every scrape. A
 * row that was put back has a new `seq` and its old time, so under faults the true oldest may stand a little further on.
 */
async function oldest(pool: Pool, table: 'mark' | 'fan_out'): Promise<number | null> {
  const { rows } = await pool.query<{ age: number }>(
    `SELECT greatest(0, extract(epoch FROM now() - created_at))::float8 AS age FROM ${table} ORDER BY seq LIMIT 1`,
  );
  return rows[0]?.age ?? null;
}

/** How many marks wait, by priority. It reads all of them. */
export async function countMarks(pool: Pool): Promise<Readonly<Record<Priority, number>>> {
  const { rows } = await pool.query<Record<Priority, number>>(
    `SELECT count(*) FILTER (WHERE priority = ${priorityNumber.direct})::int AS direct,
            count(*) FILTER (WHERE priority = ${priorityNumber.bulk})::int AS bulk
     FROM mark`,
  );
  return rows[0] ?? { direct: 0, bulk: 0 };
}

/** The marks of one view that wait. */
export interface WaitingMarks {
  readonly view: string;
  /** By priority. */
  readonly direct: number;
  readonly bulk: number;
  /** How long the oldest has waited, in seconds. */
  readonly oldestSeconds: number;
}

/** What waits for each view that anything waits for. It reads all marks. */
export async function waitingMarks(pool: Pool): Promise<readonly WaitingMarks[]> {
  const { rows } = await pool.query<WaitingMarks>(
    `SELECT view,
            (count(*) FILTER (WHERE priority = ${priorityNumber.direct}))::int AS direct,
            (count(*) FILTER (WHERE priority = ${priorityNumber.bulk}))::int AS bulk,
            greatest(0, extract(epoch FROM now() - min(created_at)))::float8 AS "oldestSeconds"
     FROM mark
     GROUP BY view
     ORDER BY view`,
  );
  return rows;
}

/** The marks that are for one generation alone, by its index: a process left them that lacks a function of it. */
export async function countMarksByGeneration(pool: Pool): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ index_name: string; count: number }>(
    'SELECT index_name, count(*)::int AS count FROM mark WHERE index_name IS NOT NULL GROUP BY index_name',
  );
  return new Map(rows.map((row) => [row.index_name, row.count]));
}

/** The oldest change of a view that is due and was not tried yet, with its place in the queue and its age. */
export interface OldestChange {
  readonly view: string;
  readonly seq: string;
  readonly ageMs: number;
}

/** So many of the oldest marks are looked at: a backlog of any size is looked at in no time. */
const LOOKED_AT = 1_000;

/**
 * The oldest direct mark of each view that has any among the oldest ones. Those that failed and were put back are left
 * out, and so are those for one generation alone: they wait for something else than their turn.
 */
export async function oldestChanges(pool: Pool): Promise<readonly OldestChange[]> {
  const { rows } = await pool.query<OldestChange>(
    `SELECT DISTINCT ON (view) view, seq,
            greatest(0, extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs"
     FROM (
       SELECT view, seq, created_at, attempts, index_name FROM mark
       WHERE priority = ${priorityNumber.direct} AND due_at <= now()
       ORDER BY seq LIMIT ${LOOKED_AT}
     ) AS oldest
     WHERE attempts = 0 AND index_name IS NULL
     ORDER BY view, seq`,
  );
  return rows;
}
