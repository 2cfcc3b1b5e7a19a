import type { ClientBase, Pool } from 'pg';
import type { Logger } from '#kernel';
import { inTransaction } from '../schema/transaction.js';
import { markEverything } from './mark-all.js';

/** The cluster that the counter belongs to; the expressions are those of the revision query (snapshot.ts). */
const HERE = `
  SELECT (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
         ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS timeline`;

/**
 * Gives this cluster and timeline an epoch if it has none.
 *
 * The first one is 1. A database that already knows another cluster or timeline was restored or failed over: its counter
 * starts somewhere else, so the epoch goes above all others and every root is marked.
 */
export async function ensureEpoch(pool: Pool, logger: Logger): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('LOCK TABLE epoch IN SHARE ROW EXCLUSIVE MODE');
    const { rows } = await client.query<{ epoch: number }>(
      `INSERT INTO epoch (system_identifier, timeline, epoch)
       SELECT here.cluster, here.timeline, coalesce((SELECT max(epoch) FROM epoch), 0) + 1
       FROM (${HERE}) AS here
       ON CONFLICT DO NOTHING
       RETURNING epoch::int AS epoch`,
    );
    const epoch = rows[0]?.epoch;
    if (epoch === undefined || epoch === 1) return;
    const marked = await markEverything(client);
    reportRaise(logger, epoch, marked, 'the database runs on another cluster or timeline than before');
  });
}

/**
 * Raises the epoch above `above`, the epoch found in an index, and marks every root; both commit together. Does nothing
 * when the epoch is above it already, so that many builders that see the same alarm raise it once.
 */
export async function raiseEpoch(
  pool: Pool,
  above: number,
  reason: string,
  logger: Logger,
): Promise<'raised' | 'already_above'> {
  return inTransaction(pool, async (client) => {
    const epoch = await moveEpoch(client, above);
    if (epoch === null) return 'already_above';
    const marked = await markEverything(client);
    reportRaise(logger, epoch, marked, reason);
    return 'raised';
  });
}

async function moveEpoch(client: ClientBase, above: number): Promise<number | null> {
  const { rows } = await client.query<{ epoch: number }>(
    `UPDATE epoch SET epoch = $1::bigint + 1
     FROM (${HERE}) AS here
     WHERE epoch.system_identifier = here.cluster AND epoch.timeline = here.timeline AND epoch.epoch <= $1
     RETURNING epoch.epoch::int AS epoch`,
    [above],
  );
  return rows[0]?.epoch ?? null;
}

function reportRaise(logger: Logger, epoch: number, marked: number, reason: string): void {
  logger.error(
    { alarm: 'epoch_raised', epoch, marked },
    `The revision epoch was raised to ${epoch}, because ${reason}; all ${marked} roots are built again. ` +
      'If the database was restored, its copies are old: run npx prejoin resync --all, and every service publishes again.',
  );
}
