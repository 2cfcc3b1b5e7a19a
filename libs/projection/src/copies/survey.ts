import type { Pool } from 'pg';
import { copyTable } from '../schema/names.js';

/** An aggregate that a copy is of, and the version that it has. */
export interface CopiedVersion {
  readonly id: string;
  readonly epoch: number;
  readonly version: number;
}

/** How many copies of a source have at least this epoch, those of deleted aggregates too. */
export async function countCopies(pool: Pool, source: string, epoch: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::float8 AS count FROM ${copyTable(source)} WHERE epoch >= $1`,
    [epoch],
  );
  return rows[0]!.count;
}

/** The highest epoch of a source's copies; 0 when there are none. */
export async function highestEpoch(pool: Pool, source: string): Promise<number> {
  const { rows } = await pool.query<{ epoch: number }>(
    `SELECT coalesce(max(epoch), 0)::float8 AS epoch FROM ${copyTable(source)}`,
  );
  return rows[0]!.epoch;
}

/** The copies that are not deleted with ids above `after`, in the order of their ids, at most `limit`. */
export async function pageOfCopies(
  pool: Pool,
  source: string,
  after: string,
  limit: number,
): Promise<readonly CopiedVersion[]> {
  const { rows } = await pool.query<CopiedVersion>(
    `SELECT id, epoch::float8 AS epoch, version::float8 AS version FROM ${copyTable(source)}
     WHERE id > $1 AND NOT deleted
     ORDER BY id
     LIMIT $2`,
    [after, limit],
  );
  return rows;
}

/** How many of these copies are still of that version: nothing newer was applied to them. */
export async function countUnchanged(
  pool: Pool,
  source: string,
  copies: readonly CopiedVersion[],
): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::float8 AS count
     FROM ${copyTable(source)} AS copy
     JOIN unnest($1::text[], $2::bigint[], $3::bigint[]) AS seen (id, epoch, version) USING (id)
     WHERE (copy.epoch, copy.version) <= (seen.epoch, seen.version)`,
    [copies.map(({ id }) => id), copies.map(({ epoch }) => epoch), copies.map(({ version }) => version)],
  );
  return rows[0]!.count;
}
