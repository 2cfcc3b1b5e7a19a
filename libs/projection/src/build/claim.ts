import type { PoolClient } from 'pg';
import { backoffDelay } from '#kernel';

/** One mark as claimed: a root that must be built. */
export interface Mark {
  readonly view: string;
  readonly root_id: string;
  readonly attempts: number;
  readonly occurred_at: Date | null;
  readonly created_at: Date;
  readonly seq: string;
}

export interface ClaimOptions {
  readonly views: readonly string[];
  readonly limit: number;
  readonly order: 'oldest_first' | 'newest_first';
  /** Marks below it are not looked at: a hint that spares reading dead rows, never a cursor. */
  readonly floor: string;
}

/**
 * Takes marks that are due out of the table, in the caller's open transaction: whatever ends that transaction without
 * a commit, a crash included, puts them back.
 *
 * `= ANY(ARRAY(…))` and not `IN (…)`: with IN the planner may run the sub-select again for each row and delete more
 * than it claimed (20 seen for a limit of 3). SKIP LOCKED lets any number of builders claim side by side.
 */
export async function claimMarks(
  client: PoolClient,
  { views, limit, order, floor }: ClaimOptions,
): Promise<readonly Mark[]> {
  const { rows } = await client.query<Mark>(
    `DELETE FROM mark WHERE seq = ANY(ARRAY(
       SELECT seq FROM mark
       WHERE seq >= $3 AND due_at <= now() AND view = ANY($1)
       ORDER BY seq ${order === 'oldest_first' ? 'ASC' : 'DESC'}
       LIMIT $2
       FOR UPDATE SKIP LOCKED
     ))
     RETURNING seq, view, root_id, attempts, occurred_at, created_at`,
    [views, limit, floor],
  );
  return rows;
}

const RETRY = { baseMs: 500, maxMs: 10_000 };

/**
 * Puts marks back, due after a back-off by their attempts. They keep the time they were made at, since the drain of a
 * rebuild waits for marks older than its scan. In the claim's transaction.
 */
export async function putBack(
  client: PoolClient,
  marks: readonly Mark[],
  count: 'attempt' | 'no_attempt',
): Promise<void> {
  if (marks.length === 0) return;
  const attempts = marks.map((mark) => mark.attempts + (count === 'attempt' ? 1 : 0));
  await client.query(
    `INSERT INTO mark (view, root_id, attempts, due_at, occurred_at, created_at)
     SELECT view, root_id, attempts, clock_timestamp() + delay_ms * interval '1 millisecond', occurred_at, created_at
     FROM unnest($1::text[], $2::text[], $3::int[], $4::float8[], $5::timestamptz[], $6::timestamptz[])
       AS back (view, root_id, attempts, delay_ms, occurred_at, created_at)`,
    [
      marks.map((mark) => mark.view),
      marks.map((mark) => mark.root_id),
      attempts,
      attempts.map((attempt) => backoffDelay(RETRY, attempt + 1)),
      marks.map((mark) => mark.occurred_at),
      marks.map((mark) => mark.created_at),
    ],
  );
}
