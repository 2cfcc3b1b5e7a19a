import type { DataSource } from 'typeorm';
import type { Transaction } from './transaction.js';

/** The epochs as this process saw them last. A guess only: whatever inserts events compares it with the database. */
const seen = new WeakMap<DataSource, Map<string, number>>();

export function rememberedEpoch({ dataSource }: Transaction, source: string): number | undefined {
  return seen.get(dataSource)?.get(source);
}

export function forgetEpoch({ dataSource }: Transaction, source: string): void {
  seen.get(dataSource)?.delete(source);
}

/** The source's current epoch; 0 unless it was ever raised. */
export async function readEpoch(tx: Transaction, source: string): Promise<number> {
  const rows: { epoch: number }[] = await tx.query(
    'SELECT epoch::float8 AS epoch FROM source_epoch WHERE source = $1',
    [source],
  );
  const epoch = rows[0]?.epoch ?? 0;
  const known = seen.get(tx.dataSource) ?? new Map<string, number>();
  seen.set(tx.dataSource, known.set(source, epoch));
  return epoch;
}

/**
 * Raises the source's epoch above `above` and above itself, in the caller's transaction, and returns it.
 *
 * The lock waits for every transaction that has appended (each holds ACCESS SHARE on this table until it ends) and holds
 * up those that are about to, so when this commits no event of the old epoch can still be committed. Without it, a row
 * that is inserted under the old epoch and committed after its page was read would be missed. Rejected: a row lock in
 * append (FOR SHARE on the epoch), which all commands of a service would write to the same page.
 *
 * The caller sets a lock_timeout: whoever appends waits behind this one.
 */
export async function raiseEpoch(tx: Transaction, source: string, above: number): Promise<number> {
  await tx.query('LOCK TABLE source_epoch IN ACCESS EXCLUSIVE MODE');
  const rows: { epoch: number }[] = await tx.query(
    `INSERT INTO source_epoch AS known (source, epoch) VALUES ($1, $2::bigint + 1)
     ON CONFLICT (source) DO UPDATE SET epoch = greatest(known.epoch, $2) + 1
     RETURNING epoch::float8 AS epoch`,
    [source, above],
  );
  return rows[0]!.epoch;
}
