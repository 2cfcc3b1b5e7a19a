import type { Pool } from 'pg';

/**
 * Makes the write-ahead log durable past every snapshot whose transaction has ended, so that a crash can not take the
 * revision counter back below a revision that the index has seen (design rule 6).
 *
 * Ids of transactions that aborted, or that are still open, reach the log only with later records; lost ones are given
 * out again after a crash. A transactional message takes an id above all those of the snapshot and its commit waits for
 * the disk: 0.5 ms. Rejected: pg_current_xact_id() alone (a transaction that wrote nothing logs no commit), a row in a
 * table (bloat), a checkpoint (superuser, and slow).
 */
export async function makeDurable(pool: Pool): Promise<void> {
  await pool.query(`
    BEGIN;
    SET LOCAL synchronous_commit = on;
    SELECT pg_logical_emit_message(true, 'prejoin', '');
    COMMIT`);
}
