import type { ClientBase, PoolClient } from 'pg';
import { backoffDelay } from '#kernel';
import { priorityNumber, type Priority } from '../marks/priority.js';

/** One mark as claimed: a root that must be built. */
export interface Mark {
  readonly view: string;
  readonly root_id: string;
  readonly priority: number;
  readonly attempts: number;
  readonly occurred_at: Date | null;
  readonly created_at: Date;
  readonly seq: string;
  /** The index of the one generation that it is for; null is every generation of the view. */
  readonly index_name: string | null;
}

/** What a process may claim. */
export interface Claimable {
  readonly views: readonly string[];
  /** Indices of generations whose own marks are for others. Marks of a generation that is gone are not: they are spent. */
  readonly except: readonly string[];
}

export interface ClaimOptions extends Claimable {
  /** The most roots; bulk marks of the same roots come with them. */
  readonly limit: number;
  readonly priority: Priority;
  readonly order: 'oldest_first' | 'newest_first';
  /** Marks below it are not looked at: a hint that spares reading dead rows, never a cursor. */
  readonly floor: string;
}

/** What `claimMarks` looks for in its transaction. */
export const claimIsOpen = "SET LOCAL prejoin.claim = 'open'";

/**
 * Begins the transaction of a claim. Whoever claims need not wait for the answer: outside of such a transaction nothing is
 * claimed, since marks that are taken must come back unless they are built.
 *
 * Its commit does not wait for the disk: a crash that loses it brings the marks back, and everything that was written with
 * it is lost as well. What is decided about a document waits (revision/durable.ts).
 */
export function openClaim(client: ClientBase, idleMs: number): Promise<unknown> {
  // The claim is open while the index answers; a process that stops then must not hold back vacuum for ever.
  return client.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off;
     SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(idleMs)}; ${claimIsOpen}`,
  );
}

/**
 * Takes marks that are due out of the table, in the caller's open claim: whatever ends that transaction without
 * a commit, a crash included, puts them back.
 *
 * `= ANY(ARRAY(…))` and not `IN (…)`: with IN the planner may run the sub-select again for each row and delete more
 * than it claimed (20 seen for a limit of 3). SKIP LOCKED lets any number of builders claim side by side.
 *
 * Bulk marks of the claimed roots go along, so that five renames of a product that many orders have leave one build an
 * order if the builders lag behind. Only rows that can be locked: what another transaction holds is built by it, and
 * what commits later stays. All of them were committed before the caller's snapshot begins. Direct marks are not looked
 * for: an index for that would be written by every change.
 */
export async function claimMarks(
  client: PoolClient,
  { views, except, limit, priority, order, floor }: ClaimOptions,
): Promise<readonly Mark[]> {
  const claimable = (mark: string): string => `(${mark}.index_name IS NULL OR ${mark}.index_name <> ALL($5))`;
  const { rows } = await client.query<Mark>(
    `WITH
       due AS MATERIALIZED (
         SELECT seq, view, root_id FROM mark
         WHERE current_setting('prejoin.claim', true) = 'open'
           AND priority = $4 AND seq >= $3 AND due_at <= now() AND view = ANY($1) AND ${claimable('mark')}
         ORDER BY seq ${order === 'oldest_first' ? 'ASC' : 'DESC'}
         LIMIT $2
         FOR UPDATE SKIP LOCKED
       ),
       same_root AS MATERIALIZED (
         SELECT other.seq
         FROM (SELECT DISTINCT view, root_id FROM due) AS root
         CROSS JOIN LATERAL (
           SELECT mark.seq FROM mark
           WHERE mark.priority = ${priorityNumber.bulk} AND mark.view = root.view AND mark.root_id = root.root_id
             AND ${claimable('mark')}
           FOR UPDATE SKIP LOCKED
         ) AS other
       )
     DELETE FROM mark
     WHERE seq = ANY(ARRAY(SELECT seq FROM due UNION SELECT seq FROM same_root))
     RETURNING seq, view, root_id, priority, attempts, occurred_at, created_at, index_name`,
    [views, limit, floor, priorityNumber[priority], except],
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
  const again = marks.map((mark) => ({
    ...mark,
    attempts: mark.attempts + (count === 'attempt' ? 1 : 0),
  }));
  await insertAgain(
    client,
    again,
    again.map((mark) => backoffDelay(RETRY, mark.attempts + 1)),
  );
}

/** Writes marks again, each due after its delay in milliseconds. In the claim's transaction. */
export async function insertAgain(
  client: PoolClient,
  marks: readonly Mark[],
  delaysMs: readonly number[],
): Promise<void> {
  if (marks.length === 0) return;
  await client.query(
    `INSERT INTO mark (view, root_id, priority, attempts, due_at, occurred_at, created_at, index_name)
     SELECT view, root_id, priority, attempts, clock_timestamp() + delay_ms * interval '1 millisecond',
            occurred_at, created_at, index_name
     FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::float8[], $6::timestamptz[], $7::timestamptz[], $8::text[])
       AS again (view, root_id, priority, attempts, delay_ms, occurred_at, created_at, index_name)`,
    [
      marks.map((mark) => mark.view),
      marks.map((mark) => mark.root_id),
      marks.map((mark) => mark.priority),
      marks.map((mark) => mark.attempts),
      delaysMs,
      marks.map((mark) => mark.occurred_at),
      marks.map((mark) => mark.created_at),
      marks.map((mark) => mark.index_name),
    ],
  );
}

/**
 * Leaves these marks to other processes, for one generation each: this process lacks a function of them. In the claim's
 * transaction, so that the mark of the whole view is not gone before they are there.
 */
export async function leaveToOthers(
  client: PoolClient,
  marks: readonly Mark[],
  indexNames: readonly string[],
): Promise<void> {
  const left = indexNames.flatMap((index_name) =>
    marks.map((mark) => ({ ...mark, attempts: 0, index_name })),
  );
  await insertAgain(
    client,
    left,
    left.map(() => 0),
  );
}
