import type { PoolClient } from 'pg';
import type { ClaimedRow, RowDetails } from './claim.js';

/** A claimed row that was not published, and why. */
export interface Unsent {
  readonly row: ClaimedRow & RowDetails;
  readonly reason: string;
  /** Its attempts so far, with this one if it counts. */
  readonly attempts: number;
  readonly suspect: boolean;
}

/** Puts rows back to be due after `delayMs`, with a new attempt count and the reason. */
export async function putBack(
  client: PoolClient,
  unsent: readonly (Unsent & { readonly delayMs: number })[],
): Promise<void> {
  if (unsent.length === 0) return;
  await client.query(
    `INSERT INTO outbox (seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body, created_at,
       attempts, last_error, suspect, due_at)
     SELECT ${columns}, clock_timestamp() + delay_ms * interval '1 millisecond'
     FROM ${unnested}, $14::integer[]) AS u (${names}, delay_ms)`,
    [...values(unsent), unsent.map((u) => u.delayMs)],
  );
}

/** Gives rows up: out of the relay's way, for people to retry or discard. */
export async function bury(client: PoolClient, unsent: readonly Unsent[]): Promise<void> {
  if (unsent.length === 0) return;
  await client.query(
    `INSERT INTO outbox_dead_letter (seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body,
       created_at, attempts, reason, suspect)
     SELECT ${columns} FROM ${unnested}) AS u (${names})`,
    values(unsent),
  );
}

// One array a column, so that any number of rows is one statement with the same text.
const names =
  'seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body, created_at, attempts, reason, suspect';
const columns = names;
const unnested = `unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
       $8::text[], $9::bytea[], $10::timestamptz[], $11::integer[], $12::text[], $13::boolean[]`;

function values(unsent: readonly Unsent[]): unknown[] {
  const rows = unsent.map(({ row }) => row);
  return [
    rows.map((r) => r.seq),
    rows.map((r) => r.eventId),
    rows.map((r) => r.source),
    rows.map((r) => r.aggregateId),
    rows.map((r) => r.name),
    rows.map((r) => r.epoch),
    rows.map((r) => r.version),
    rows.map((r) => r.routingKey),
    rows.map((r) => r.body),
    rows.map((r) => r.createdAt),
    unsent.map((u) => u.attempts),
    unsent.map((u) => u.reason),
    unsent.map((u) => u.suspect),
  ];
}
