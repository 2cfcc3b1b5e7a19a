import type { Pool } from 'pg';
import { sleep } from '#kernel';

/** Events of one aggregate that a service has not published, and those that its relay gave up. */
export interface OutboxTraces {
  readonly unsent: number;
  readonly deadLetters: number;
}

/** How many there are; what a relay holds at the moment counts. */
export async function countInOutbox(pool: Pool, source: string, id: string): Promise<OutboxTraces> {
  const { rows } = await pool.query<OutboxTraces>(
    `SELECT
       (SELECT count(*)::int FROM outbox WHERE source = $1 AND aggregate_id = $2) AS unsent,
       (SELECT count(*)::int FROM outbox_dead_letter WHERE source = $1 AND aggregate_id = $2) AS "deadLetters"`,
    [source, id],
  );
  return rows[0] ?? { unsent: 0, deadLetters: 0 };
}

const POLL_MS = 100;

/**
 * Deletes the unsent events and the dead letters of an aggregate: nobody will ever get them. Events that a relay holds are
 * waited for, up to `patienceMs`: they are gone when it has published them, and back when it could not.
 *
 * @returns what was deleted, and what was still held at the end
 */
export async function eraseFromOutbox(
  pool: Pool,
  source: string,
  id: string,
  { patienceMs = 15_000, signal }: { readonly patienceMs?: number; readonly signal?: AbortSignal } = {},
): Promise<{ readonly deleted: OutboxTraces; readonly held: number }> {
  const deleted = { unsent: 0, deadLetters: 0 };
  const deadline = performance.now() + patienceMs;
  for (;;) {
    // Dead letters second: one that is being retried by hand is in one of both tables at any time.
    deleted.unsent += await deleteFrom(pool, 'outbox', source, id);
    deleted.deadLetters += await deleteFrom(pool, 'outbox_dead_letter', source, id);
    const { unsent, deadLetters } = await countInOutbox(pool, source, id);
    const held = unsent + deadLetters;
    if (held === 0 || performance.now() >= deadline || signal?.aborted === true) return { deleted, held };
    await sleep(POLL_MS, signal);
  }
}

/** What somebody else has locked is left for the next round, rather than waited for with a lock of our own on the rest. */
async function deleteFrom(
  pool: Pool,
  table: 'outbox' | 'outbox_dead_letter',
  source: string,
  id: string,
): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM ${table}
     WHERE seq = ANY(ARRAY(
       SELECT seq FROM ${table} WHERE source = $1 AND aggregate_id = $2 ORDER BY seq FOR UPDATE SKIP LOCKED
     ))`,
    [source, id],
  );
  return rowCount ?? 0;
}
