import type { PoolClient } from 'pg';
import { backoffDelay } from '#kernel';
import { priorityNumber } from '../marks/priority.js';
import { sqlState } from '../schema/transaction.js';
import type { FanOutRoute } from './fan-out-route.js';
import type { FreshKey } from './fresh-keys.js';
import { countRoots, markNext, readsInOrder, type Chunk, type Range } from './look-up.js';

/** A key with more roots than one look-up marks, as it stands in the table. */
export interface Job {
  readonly id: string;
  readonly route: FanOutRoute;
  readonly key: string;
  /** The last root that was marked. */
  readonly cursor: string;
  /**
   * Ids are a circle, and what is left of the job is (cursor, until] on it: up to the end if it is null, and all of it if
   * both are the same. So a key that changes again and again goes on where it is, and its last roots get their turn; if
   * every change began the job anew, they would not.
   */
  readonly until: string | null;
  readonly attempts: number;
  readonly occurred_at: Date | null;
  readonly started_at: Date | null;
}

export interface JobOptions {
  /** The most roots of a chunk that are read in order. */
  readonly chunk: number;
  /** The same where every chunk finds all roots again. */
  readonly listChunk: number;
  /** No chunk is begun while so many bulk marks of its view wait for a builder. */
  readonly backlog: number;
}

/**
 * Locks the job that waits longest, among those whose views have no backlog of marks: more of them would only fill the
 * table, while a change that comes now can still join the job. Null when there is none.
 */
export async function claimJob(client: PoolClient, backlog: number): Promise<Job | null> {
  const { rows } = await client.query<Job>(
    `WITH
       waiting AS MATERIALIZED (SELECT DISTINCT route ->> 'view' AS view FROM fan_out_job WHERE due_at <= now()),
       open AS MATERIALIZED (
         SELECT view FROM waiting
         WHERE $1 > (
           SELECT count(*) FROM (
             SELECT FROM mark WHERE mark.priority = ${priorityNumber.bulk} AND mark.view = waiting.view LIMIT $1
           ) AS bulk
         )
       )
     SELECT id, route, key, cursor, until, attempts, occurred_at, started_at
     FROM fan_out_job
     WHERE due_at <= now() AND route ->> 'view' IN (SELECT view FROM open)
     ORDER BY due_at, id
     LIMIT 1
     FOR UPDATE OF fan_out_job SKIP LOCKED`,
    [backlog],
  );
  const [job] = rows;
  return job === undefined ? null : joinEqual(client, job);
}

/** Takes other jobs of the same key in: they began while this one was held elsewhere. */
async function joinEqual(client: PoolClient, job: Job): Promise<Job> {
  const { rows } = await client.query<{ occurred_at: Date | null; created_at: Date }>(
    `DELETE FROM fan_out_job
     WHERE id = ANY(ARRAY(
       SELECT id FROM fan_out_job
       WHERE key = $1 AND route = $2::jsonb AND id <> $3 AND due_at <= now()
       FOR UPDATE SKIP LOCKED
     ))
     RETURNING occurred_at, created_at`,
    [job.key, JSON.stringify(job.route), job.id],
  );
  if (rows.length === 0) return job;
  return extend(
    client,
    rows.map((row) => ({ id: job.id, ...row })),
  );
}

/**
 * Lets each key join a job of its own that waits, and answers which did not. A change that is looked up later than it
 * committed is never missed, so a job that goes round once more is as good as a new one.
 */
export async function joinJobs(client: PoolClient, keys: readonly FreshKey[]): Promise<readonly FreshKey[]> {
  const { rows } = await client.query<{ id: string; at: number }>(
    `SELECT job.id, fresh.at
     FROM fan_out_job AS job
     JOIN jsonb_to_recordset($1::jsonb) AS fresh (at integer, key text, route jsonb) USING (key, route)
     WHERE job.due_at <= now()
     FOR UPDATE OF job SKIP LOCKED`,
    [JSON.stringify(keys.map(({ key, route }, at) => ({ at, key, route })))],
  );
  const joined = new Map(rows.map(({ at, id }) => [at, id]));
  for (const [at, id] of joined)
    await extend(
      client,
      keys.slice(at, at + 1).map((key) => ({ ...key, id })),
    );
  return keys.filter((_, at) => !joined.has(at));
}

/** A job that all of these joined goes round once more from where it is; what it has done is done again. */
async function extend(
  client: PoolClient,
  joining: readonly { readonly id: string; readonly occurred_at: Date | null; readonly created_at: Date }[],
): Promise<Job> {
  const { rows } = await client.query<Job>(
    `UPDATE fan_out_job AS job
     SET until = cursor,
         total = total + done,
         occurred_at = least(job.occurred_at, joining.occurred_at),
         created_at = least(job.created_at, joining.created_at)
     FROM (
       SELECT min(occurred_at) AS occurred_at, min(created_at) AS created_at
       FROM unnest($2::timestamptz[], $3::timestamptz[]) AS one (occurred_at, created_at)
     ) AS joining
     WHERE id = $1
     RETURNING id, route, key, cursor, until, attempts, job.occurred_at, started_at`,
    [joining[0]?.id, joining.map((one) => one.occurred_at), joining.map((one) => one.created_at)],
  );
  const [job] = rows;
  if (job === undefined) throw new RangeError('A job that is locked is there.');
  return job;
}

/** Marks the next chunk of a job that the caller has locked. Answers how many roots that were, and whether it is done. */
export async function goOn(
  client: PoolClient,
  job: Job,
  { chunk, listChunk }: JobOptions,
): Promise<{ readonly marks: number; readonly finished: boolean }> {
  const total = job.started_at === null ? await countInTime(client, job) : null;
  const range: Range = {
    after: job.cursor,
    upTo: job.until !== null && byteOrder(job.until, job.cursor) > 0 ? job.until : null,
  };
  const lookUp = { route: job.route, keys: [job.key], occurredAt: job.occurred_at };
  const found = await markNext(client, lookUp, range, readsInOrder(job.route) ? chunk : listChunk);
  const cursor = cursorAfter(job, range, found);
  if (cursor === null) await client.query('DELETE FROM fan_out_job WHERE id = $1', [job.id]);
  else
    await client.query(
      `UPDATE fan_out_job
       SET cursor = $2, done = done + $3, total = coalesce(total, $4), started_at = coalesce(started_at, now()),
           attempts = 0, due_at = clock_timestamp()
       WHERE id = $1`,
      [job.id, cursor, found.marks, total],
    );
  return { marks: found.marks, finished: cursor === null };
}

/** Where the next chunk begins; null when nothing is left. */
function cursorAfter({ until }: Job, { upTo }: Range, { last }: Chunk): string | null {
  // At `until` itself it has to end: a cursor that is the same means all of the circle.
  if (upTo !== null) return last === null || byteOrder(last, upTo) >= 0 ? null : last;
  if (last !== null) return last;
  return until === null || until === '' ? null : '';
}

/** Puts a job that could not be looked up off. In a transaction that is not spoilt. */
export async function putJobOff(client: PoolClient, { id, attempts }: Job): Promise<void> {
  await client.query(
    `UPDATE fan_out_job SET attempts = attempts + 1, due_at = now() + $2 * interval '1 millisecond' WHERE id = $1`,
    [id, delayAfterFault(attempts + 1)],
  );
}

/** How long what could not be looked up waits, in milliseconds. */
export function delayAfterFault(attempts: number): number {
  return 1_000 + backoffDelay({ baseMs: 2_000, maxMs: 300_000 }, attempts);
}

const COUNT_MS = 2_000;

/** Null when counting takes too long: the number is for people, and nothing waits for it. */
async function countInTime(client: PoolClient, { route, key }: Job): Promise<number | null> {
  await client.query(`SAVEPOINT counting; SET LOCAL statement_timeout = ${COUNT_MS}`);
  try {
    return await countRoots(client, route, [key]);
  } catch (error) {
    if (sqlState(error) === '57014') return null;
    throw error;
  } finally {
    // Which gives the timeout back that was there.
    await client.query('ROLLBACK TO SAVEPOINT counting');
  }
}

/** Ids are compared as PostgreSQL's "C" collation does; JavaScript's order differs beyond the basic plane. */
function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
