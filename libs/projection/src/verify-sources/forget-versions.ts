import type { Pool } from 'pg';
import { copyTable } from '../schema/names.js';
import type { CopiedVersion } from '../copies/survey.js';

/**
 * Lowers the version of copies by one, so that the event of their version counts again: a copy that says something else
 * than its service does refuses it otherwise, as it should. One below and not 0: older events stay refused. Copies that
 * have another version by now, and erased ones, are left alone. It changes no document. Returns how many it lowered.
 */
export async function forgetVersions(
  pool: Pool,
  source: string,
  copies: readonly CopiedVersion[],
): Promise<number> {
  const { rowCount } = await pool.query(
    `UPDATE ${copyTable(source)} AS copy SET version = copy.version - 1
     FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS seen (id, epoch, version)
     WHERE copy.id = seen.id AND (copy.epoch, copy.version) = (seen.epoch, seen.version) AND copy.erased_at IS NULL`,
    [copies.map(({ id }) => id), copies.map(({ epoch }) => epoch), copies.map(({ version }) => version)],
  );
  return rowCount ?? 0;
}
