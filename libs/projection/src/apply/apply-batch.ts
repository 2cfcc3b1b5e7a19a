import type { PoolClient } from 'pg';
import { copyTable } from '../schema/names.js';
import type { Change } from './change.js';
import { newestChanges } from './newest-changes.js';

/** What became of the changes of one source. Every change counts once. */
export interface Applied {
  readonly source: string;
  readonly applied: number;
  /** Older than what is there. */
  readonly superseded: number;
  /** There already. */
  readonly duplicate: number;
  /** Of a version that is there with other data: the first one stays, and somebody has to look. */
  readonly conflicting: readonly Change[];
}

/**
 * Replaces the copies of these aggregates by what is newer (design rule 2), in the caller's transaction. The triggers
 * write the marks. Of an erased aggregate only the version goes on: its row takes no data (copies/row-facts.ts).
 *
 * Rows are locked in one total order over the whole transaction, source by source and id by id. Any other order
 * deadlocks with a second batch (84 of 103 batches, against none).
 */
export async function applyBatch(
  client: PoolClient,
  changes: readonly Change[],
): Promise<readonly Applied[]> {
  const bySource = [...Map.groupBy(changes, (change) => change.source)].sort(([a], [b]) => (a < b ? -1 : 1));
  const results: Applied[] = [];
  for (const [source, ofSource] of bySource) results.push(await applySource(client, source, ofSource));
  return results;
}

async function applySource(client: PoolClient, source: string, changes: readonly Change[]): Promise<Applied> {
  const batch = newestChanges(changes);
  const written = await upsert(client, source, batch.newest);
  const left = batch.newest.filter((change) => !written.has(change.id));
  const compared = left.length === 0 ? new Map<string, Comparison>() : await compare(client, source, left);
  const those = (comparison: Comparison): readonly Change[] =>
    left.filter((change) => compared.get(change.id) === comparison);
  return {
    source,
    applied: written.size,
    superseded: batch.superseded + those('older').length,
    duplicate: batch.duplicate + those('same').length,
    conflicting: [...batch.conflicting, ...those('different')],
  };
}

/** Stands between states: JSON has no control characters but as escapes and between its tokens, where this one may not be. */
const BETWEEN = '\u001e';

/**
 * One statement for the whole batch. `unnest` and not VALUES, which ends at 65 535 parameters; the ORDER BY is what
 * makes rows lock by id. The data stays the text that it was: json, unlike jsonb, keeps it. States go as one text and not
 * as an array, which would have each of their quotes escaped here and read again there.
 *
 * @returns the ids that were written
 */
async function upsert(
  client: PoolClient,
  source: string,
  changes: readonly Change[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO ${copyTable(source)} AS copy (id, epoch, version, deleted, occurred_at, event_id, data, applied_at)
     SELECT id, epoch, version, deleted, occurred_at, event_id, data::json, now()
     FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::boolean[], $5::timestamptz[], $6::text[],
                 string_to_array($7::text, $8::text, ''))
       AS change (id, epoch, version, deleted, occurred_at, event_id, data)
     ORDER BY id COLLATE "C"
     ON CONFLICT (id) DO UPDATE SET
       epoch = excluded.epoch, version = excluded.version, deleted = excluded.deleted,
       occurred_at = excluded.occurred_at, event_id = excluded.event_id, data = excluded.data,
       applied_at = excluded.applied_at
     WHERE (excluded.epoch, excluded.version) > (copy.epoch, copy.version)
     RETURNING id`,
    [
      changes.map((change) => change.id),
      changes.map((change) => change.epoch),
      changes.map((change) => change.version),
      changes.map((change) => change.deleted),
      changes.map((change) => change.occurredAt),
      changes.map((change) => change.eventId),
      changes.map((change) => change.data ?? '').join(BETWEEN),
      BETWEEN,
    ],
  );
  return new Set(rows.map((row) => row.id));
}

type Comparison = 'older' | 'same' | 'different';

/**
 * How changes that were not written compare with what is there. The upsert has locked those rows, so this sees the same
 * that it saw. Equal texts are told apart from equal values first, since the values cost parsing both. What an erased copy
 * had is not known any more, and nobody has to look for it.
 */
async function compare(
  client: PoolClient,
  source: string,
  changes: readonly Change[],
): Promise<ReadonlyMap<string, Comparison>> {
  const { rows } = await client.query<{ id: string; comparison: Comparison }>(
    `SELECT copy.id,
       CASE
         WHEN (change.epoch, change.version) < (copy.epoch, copy.version) THEN 'older'
         WHEN copy.erased_at IS NOT NULL THEN 'same'
         WHEN change.data IS NOT DISTINCT FROM copy.data::text THEN 'same'
         WHEN change.data::jsonb = copy.data::jsonb THEN 'same'
         ELSE 'different'
       END AS comparison
     FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) AS change (id, epoch, version, data)
     JOIN ${copyTable(source)} AS copy USING (id)`,
    [
      changes.map((change) => change.id),
      changes.map((change) => change.epoch),
      changes.map((change) => change.version),
      changes.map((change) => change.data),
    ],
  );
  return new Map(rows.map((row) => [row.id, row.comparison]));
}
