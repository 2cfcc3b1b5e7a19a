import type { Pool, PoolClient } from 'pg';
import { backoffDelay, checkOut, sleep } from '#kernel';

export interface TransactionOptions {
  /** Told before each repeat, so that no retry is silent. */
  readonly onRetry?: (code: string, attempt: number) => void;
  /** How often the work is tried in all. */
  readonly attempts?: number;
  /** How long the work may leave its transaction alone between two statements, in milliseconds; 0 is for ever. */
  readonly idleMs?: number;
}

/**
 * A process that stands still (stopped, paused with its machine, out of memory) in the middle of a transaction keeps its
 * row locks while its connection lives, which may be for ever: a rebuild that took over was seen to wait for the last
 * chunk of the one before it. The server ends such a session. Longer than the longest pause of a process that is only slow.
 */
const IDLE_MS = 15_000;
/**
 * For work that moves an alias with its row locks held. It must keep them however long it stands still: let go, somebody
 * else would swap, and this one would move the alias back when it wakes up.
 */
export const NO_IDLE_LIMIT = 0;

/** The server ended one of several transactions that could not all go on; the same work may well succeed now. */
const repeatable: ReadonlySet<string> = new Set(['40P01', '40001']);

/** The SQLSTATE of an error that came from the server, else undefined. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/**
 * Runs `work` in one READ COMMITTED transaction whose commit is on disk before this resolves, and repeats it whole
 * after a deadlock or a serialization failure.
 *
 * READ COMMITTED and `synchronous_commit` are set here and not left to the server's defaults: look-ups need a snapshot
 * per statement, and an acknowledged message must not be lost with the last commits of a crashed server.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  { onRetry, attempts = 10, idleMs = IDLE_MS }: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(pool, work, idleMs);
    } catch (error) {
      const code = sqlState(error);
      if (code === undefined || !repeatable.has(code) || attempt >= attempts) throw error;
      onRetry?.(code, attempt);
      await sleep(backoffDelay({ baseMs: 10, maxMs: 500 }, attempt));
    }
  }
}

async function once<T>(pool: Pool, work: (client: PoolClient) => Promise<T>, idleMs: number): Promise<T> {
  let broken: Error | undefined;
  // The next query on it reports the loss.
  const lost = (error: Error): void => void (broken = error);
  const client = await checkOut(pool, lost);
  try {
    await client.query(
      `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on;
       SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(idleMs)}`,
    );
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollback: unknown) => {
      broken ??= rollback instanceof Error ? rollback : new Error(String(rollback));
    });
    throw error;
  } finally {
    client.off('error', lost);
    // A connection of unknown state is closed instead of going back to the pool.
    client.release(broken);
  }
}
