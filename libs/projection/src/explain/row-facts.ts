import type { ClientBase } from 'pg';
import { copyTable } from '../schema/names.js';

/** What the copy of an aggregate knows of itself beside its state. */
export interface RowFacts {
  readonly id: string;
  readonly epoch: number;
  readonly version: number;
  readonly eventId: string;
  readonly occurredAt: Date;
  /** Null where it was applied before copies knew. */
  readonly appliedAt: Date | null;
  readonly deleted: boolean;
  readonly erasedAt: Date | null;
}

/** Of those of `ids` that have a copy, by id. */
export async function readRowFacts(
  client: ClientBase,
  source: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RowFacts>> {
  const { rows } = await client.query<RowFacts>(
    `SELECT id, epoch::float8 AS epoch, version::float8 AS version, event_id AS "eventId", occurred_at AS "occurredAt",
            applied_at AS "appliedAt", deleted, erased_at AS "erasedAt"
     FROM ${copyTable(source)} WHERE id = ANY($1::text[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
