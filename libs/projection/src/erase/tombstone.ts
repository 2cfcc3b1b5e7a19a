import type { Pool } from 'pg';
import { PrejoinError } from '#kernel';
import { copyTable } from '../schema/names.js';
import { withLockRetry } from '../schema/lock-retry.js';
import { inTransaction } from '../schema/transaction.js';

/** The tables do not keep an erasure yet: no process of this release has prepared them. */
export class ErasureNotReadyError extends PrejoinError {
  constructor(source: string) {
    super('erasure_not_ready', `The copies of ${source} can not remember an erasure yet.`, {
      remedy: 'Start a projector of this release, or run: npm run migrate',
    });
  }
}

/**
 * Whether the copies of a source remember an erasure, which is what keeps later events from undoing it.
 * @throws {ErasureNotReadyError}
 */
export async function refuseUnlessReady(pool: Pool, source: string): Promise<void> {
  const { rows } = await pool.query<{ ready: boolean }>(
    `SELECT to_regclass('erasure') IS NOT NULL AND EXISTS (
       SELECT FROM pg_trigger
       WHERE tgrelid = to_regclass($1) AND tgname = 'prejoin_keep_erased' AND tgenabled IN ('O', 'A')
     ) AS ready`,
    [copyTable(source)],
  );
  if (rows[0]?.ready !== true) throw new ErasureNotReadyError(source);
}

/**
 * From the end of this on, no dead letter of the aggregate keeps what a message said: writers of letters that began before
 * have committed, and the others find the erasure. First of all steps, and in a transaction of its own, since whoever
 * writes a letter has locked copies before.
 * @throws {PrejoinError} `letters_blocked` when somebody held the letters for a minute
 */
export async function closeLettersTo(pool: Pool, source: string, id: string): Promise<void> {
  await withLockRetry(pool, { for: 'an erasure', code: 'letters_blocked' }, async (client) => {
    await client.query('LOCK TABLE dead_letter IN SHARE MODE');
    await client.query(
      'INSERT INTO erasure (source, aggregate_id) VALUES ($1, $2) ON CONFLICT (source, aggregate_id) DO NOTHING',
      [source, id],
    );
  });
}

/**
 * Takes the data out of the copy and leaves a row that no event brings back, also where there is none yet. The triggers
 * mark the documents. Answers whether there was data.
 */
export async function eraseCopy(pool: Pool, source: string, id: string): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const table = copyTable(source);
    const before = await client.query<{ data: boolean }>(
      `SELECT data IS NOT NULL AS data FROM ${table} WHERE id = $1 FOR UPDATE`,
      [id],
    );
    // Version 0 of epoch 0 is below every event, so that whatever comes is noted and kept out (copies/row-facts.ts).
    await client.query(
      `INSERT INTO ${table} AS copy (id, epoch, version, deleted, occurred_at, event_id, data, erased_at)
       VALUES ($1, 0, 0, true, now(), 'erasure', NULL, now())
       ON CONFLICT (id) DO UPDATE SET erased_at = coalesce(copy.erased_at, excluded.erased_at)`,
      [id],
    );
    return before.rows[0]?.data === true;
  });
}
