import type { Pool, PoolClient } from 'pg';
import { allEnded } from '../schema/all-ended.js';
import { inOneGo, type TransactionOptions } from '../schema/transaction.js';

/**
 * Commits what `send` sends, in one go (`inOneGo`), and makes the write-ahead log durable past every snapshot whose transaction has
 * ended, so that a crash can not take the revision counter back below a revision that the index has seen (design rule 6).
 *
 * Ids of transactions that aborted, or that are still open, reach the log only with later records; lost ones are given
 * out again after a crash. A transactional message takes an id above all those of the snapshot and its commit waits for
 * the disk: 0.5 ms. It does not depend on what `send` writes, which may be nothing. Rejected: pg_current_xact_id() alone
 * (a transaction that wrote nothing logs no commit), a checkpoint (superuser, and slow).
 */
export function makeDurable<T>(
  pool: Pool,
  send: (client: PoolClient) => Promise<T>,
  options?: TransactionOptions,
): Promise<T> {
  return inOneGo(
    pool,
    async (client) => {
      const emitted = client.query(`SELECT pg_logical_emit_message(true, 'prejoin', '')`);
      const [, sent] = await allEnded([emitted, send(client)]);
      return sent;
    },
    options,
  );
}
