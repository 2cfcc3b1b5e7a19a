import type { PoolClient } from 'pg';
import type { FanOutRoute } from './fan-out-route.js';
import { earlier } from './earlier.js';

/** A changed key that nobody has looked up yet. */
export interface FreshKey {
  readonly route: FanOutRoute;
  readonly key: string;
  readonly attempts: number;
  readonly occurred_at: Date | null;
  readonly created_at: Date;
}

/**
 * Takes keys out of the table, in the caller's open transaction; equal keys of a route become one.
 *
 * `= ANY(ARRAY(SELECT …))` and not `IN (SELECT …)`: the planner may run the sub-select of IN once for each row, and
 * since rows that the statement has deleted are skipped, each run finds others (seen: 20 deleted for a LIMIT of 3).
 */
export async function claimFreshKeys(client: PoolClient, limit: number): Promise<readonly FreshKey[]> {
  const { rows } = await client.query<FreshKey>(
    `DELETE FROM fan_out
     WHERE seq = ANY(ARRAY(
       SELECT seq FROM fan_out WHERE due_at <= now() ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED
     ))
     RETURNING route, key, attempts, occurred_at, created_at`,
    [limit],
  );
  const byKey = Map.groupBy(rows, (row) => JSON.stringify([row.route, row.key]));
  return [...byKey.values()].map((same) => same.reduce(together));
}

function together(a: FreshKey, b: FreshKey): FreshKey {
  return {
    ...a,
    attempts: Math.max(a.attempts, b.attempts),
    occurred_at: earlier(a.occurred_at, b.occurred_at),
    created_at: a.created_at < b.created_at ? a.created_at : b.created_at,
  };
}

/** Puts keys back, due after a delay. In the claim's transaction. */
export async function putKeysBack(
  client: PoolClient,
  keys: readonly FreshKey[],
  delayMs: number,
): Promise<void> {
  await insertRows(
    client,
    `INSERT INTO fan_out (route, key, attempts, due_at, occurred_at, created_at)
     SELECT route, key, attempts, now() + $2 * interval '1 millisecond', occurred_at, created_at`,
    keys,
    [delayMs],
  );
}

/** Makes each key a job, which is worked off chunk by chunk. In the claim's transaction. */
export async function beginJobs(client: PoolClient, keys: readonly FreshKey[]): Promise<void> {
  await insertRows(
    client,
    `INSERT INTO fan_out_job (route, key, occurred_at, created_at)
     SELECT route, key, occurred_at, created_at`,
    keys,
    [],
  );
}

async function insertRows(
  client: PoolClient,
  insert: string,
  keys: readonly FreshKey[],
  more: readonly number[],
): Promise<void> {
  if (keys.length === 0) return;
  await client.query(
    `${insert}
     FROM jsonb_to_recordset($1::jsonb)
       AS row (route jsonb, key text, attempts integer, occurred_at timestamptz, created_at timestamptz)`,
    [JSON.stringify(keys), ...more],
  );
}
