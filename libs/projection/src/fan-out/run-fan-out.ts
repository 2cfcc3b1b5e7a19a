import type { Pool, PoolClient } from 'pg';
import { backoffDelay, messageOf, silentLogger, type Logger } from '#kernel';
import { noMetrics, type ProjectionMetrics } from '../metrics.js';
import { inTransaction } from '../schema/transaction.js';
import type { FanOutRoute } from './fan-out-route.js';
import { markRoots, type LookUp } from './look-up.js';

export interface FanOutOptions {
  /** The most rows that are claimed at once. */
  readonly claim?: number;
  /** The most marks that one look-up writes before it commits and goes on behind its cursor. */
  readonly chunk?: number;
  readonly logger?: Logger;
  readonly metrics?: ProjectionMetrics;
}

export interface FanOutResult {
  readonly claimed: number;
  readonly marks: number;
  /** Keys that have more roots than a chunk; they go on in a later run. */
  readonly unfinished: number;
  /** Keys that were put back after a fault. */
  readonly failed: number;
}

/**
 * Takes waiting fan-out rows and marks the next chunk of their roots, in one transaction: after a crash the rows are
 * there again with the cursor that they had. Nothing waiting gives `claimed: 0`.
 */
export async function runFanOutChunk(pool: Pool, options: FanOutOptions = {}): Promise<FanOutResult> {
  const metrics = options.metrics ?? noMetrics;
  const result = await inTransaction(pool, (client) => fanOutChunk(client, options), {
    onRetry: (code) => metrics.retried(code),
  });
  if (result.claimed > 0) metrics.fannedOut(result.claimed, result.marks, result.failed);
  return result;
}

/**
 * The same in the caller's transaction, which has to be READ COMMITTED and must not be the one that changed the copies:
 * a look-up inside it does not see the links that commit at the same time (51 stale documents in 4 108 rounds).
 */
export async function fanOutChunk(client: PoolClient, options: FanOutOptions = {}): Promise<FanOutResult> {
  const { claim = 200, chunk = 5_000, logger = silentLogger } = options;
  const claimed = await claimRows(client, claim);
  let marks = 0;
  let unfinished = 0;
  let failed = 0;
  for (const group of groupsOf(claimed)) {
    // One route that can not be looked up must not hold back the others.
    await client.query('SAVEPOINT look_up');
    try {
      const found = await markRoots(client, lookUpOf(group), chunk);
      marks += found.marks;
      if (found.cursor !== null) unfinished += await putBack(client, group, { cursor: found.cursor });
      await client.query('RELEASE SAVEPOINT look_up');
    } catch (error) {
      // A lost connection fails here too, and then the whole claim rolls back.
      await client.query('ROLLBACK TO SAVEPOINT look_up');
      failed += await putBack(client, group, { afterFault: true });
      logger.error(
        { route: group[0]?.route, keys: group.length, reason: messageOf(error) },
        'A fan-out failed; it is tried again later.',
      );
    }
  }
  return { claimed: claimed.length, marks, unfinished, failed };
}

interface FanOutRow {
  readonly route: FanOutRoute;
  readonly key: string;
  readonly cursor: string | null;
  readonly attempts: number;
  readonly occurred_at: Date | null;
  readonly created_at: Date;
}

/**
 * `= ANY(ARRAY(SELECT …))` and not `IN (SELECT …)`: the planner may run the sub-select of IN once for each row, and
 * since rows that the statement has deleted are skipped, each run finds others (seen: 20 deleted for a LIMIT of 3).
 */
async function claimRows(client: PoolClient, limit: number): Promise<readonly FanOutRow[]> {
  const { rows } = await client.query<FanOutRow>(
    `DELETE FROM fan_out
     WHERE seq = ANY(ARRAY(
       SELECT seq FROM fan_out WHERE due_at <= now() ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED
     ))
     RETURNING route, key, cursor, attempts, occurred_at, created_at`,
    [limit],
  );
  return rows;
}

/** Equal keys of a route become one, at the cursor that is least far; keys at the same cursor are looked up together. */
function groupsOf(rows: readonly FanOutRow[]): readonly (readonly FanOutRow[])[] {
  const byKey = Map.groupBy(rows, (row) => JSON.stringify([row.route, row.key]));
  const coalesced = [...byKey.values()].map((same) => same.reduce(coalesce));
  return [...Map.groupBy(coalesced, (row) => JSON.stringify([row.route, row.cursor])).values()];
}

function coalesce(a: FanOutRow, b: FanOutRow): FanOutRow {
  return {
    route: a.route,
    key: a.key,
    cursor:
      a.cursor === null || b.cursor === null
        ? null
        : byteOrder(a.cursor, b.cursor) <= 0
          ? a.cursor
          : b.cursor,
    attempts: Math.max(a.attempts, b.attempts),
    occurred_at: earlier(a.occurred_at, b.occurred_at),
    created_at: a.created_at < b.created_at ? a.created_at : b.created_at,
  };
}

function lookUpOf(group: readonly FanOutRow[]): LookUp {
  const [first] = group;
  if (first === undefined) throw new RangeError('A group has at least one row.');
  return {
    route: first.route,
    keys: group.map((row) => row.key),
    cursor: first.cursor,
    occurredAt: group.map((row) => row.occurred_at).reduce(earlier),
  };
}

/** Cursors are compared as PostgreSQL's "C" collation does; JavaScript's order differs beyond the basic plane. */
function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

type PutBack = { readonly cursor: string } | { readonly afterFault: true };

/** Writes the rows again: behind the cursor with a fresh count of attempts, or after a fault as they were, for later. */
async function putBack(client: PoolClient, group: readonly FanOutRow[], how: PutBack): Promise<number> {
  const rows = group.map((row) => ({
    ...row,
    ...('cursor' in how ? { cursor: how.cursor, attempts: 0 } : { attempts: row.attempts + 1 }),
  }));
  const attempts = Math.max(...rows.map((row) => row.attempts));
  await client.query(
    `INSERT INTO fan_out (route, key, cursor, attempts, due_at, occurred_at, created_at)
     SELECT route, key, cursor, attempts, now() + $2 * interval '1 millisecond', occurred_at, created_at
     FROM jsonb_to_recordset($1::jsonb)
       AS row (route jsonb, key text, cursor text, attempts integer, occurred_at timestamptz, created_at timestamptz)`,
    [
      JSON.stringify(rows),
      'cursor' in how ? 0 : 1_000 + backoffDelay({ baseMs: 2_000, maxMs: 300_000 }, attempts),
    ],
  );
  return rows.length;
}
