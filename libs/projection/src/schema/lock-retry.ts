import type { Pool, PoolClient } from 'pg';
import { backoffDelay, PrejoinError, silentLogger, sleep, type Logger } from '#kernel';
import { inTransaction, sqlState } from './transaction.js';

export interface LockRetryOptions {
  /** How long one attempt waits for the copies; everybody who comes after it waits for it as well. In milliseconds. */
  readonly lockTimeoutMs?: number;
  /** How long it goes on trying. In milliseconds. */
  readonly deadlineMs?: number;
  readonly logger?: Logger;
}

/** What locks are for, as the end of "could not be locked for", and the code of the error when they could not be had. */
export interface LockPurpose {
  readonly for: string;
  readonly code: string;
  /** An advisory lock that lets one process at a time do the same; the turn is waited for however long it takes. */
  readonly turn?: number;
}

/**
 * Runs DDL on tables that are being written, in one transaction. A lock that is not to be had soon is given up and tried
 * for again, since whoever comes after a waiting ALTER waits with it: a forgotten transaction would stop all writers.
 * @throws {PrejoinError} with the purpose's code when the deadline has passed
 */
export async function withLockRetry<T>(
  pool: Pool,
  purpose: LockPurpose,
  work: (client: PoolClient) => Promise<T>,
  { lockTimeoutMs = 500, deadlineMs = 60_000, logger = silentLogger }: LockRetryOptions = {},
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(pool, async (client) => {
        if (purpose.turn !== undefined)
          await client.query('SELECT pg_advisory_xact_lock($1)', [purpose.turn]);
        await client.query(`SELECT set_config('lock_timeout', $1, true)`, [`${lockTimeoutMs}ms`]);
        return work(client);
      });
    } catch (error) {
      if (sqlState(error) !== '55P03') throw error;
      if (performance.now() >= deadline) throw blockedError(purpose, deadlineMs, error);
      logger.warn(
        { attempt, purpose: purpose.for },
        'DDL waits for the transactions that hold the copies; trying again.',
      );
      // Longer than the lock was waited for, so that the writers who queued behind the attempt get their turn.
      await sleep(lockTimeoutMs + backoffDelay({ baseMs: 100, maxMs: 2_000 }, attempt));
    }
  }
}

export function blockedError(purpose: LockPurpose, deadlineMs: number, cause: unknown): PrejoinError {
  return new PrejoinError(
    purpose.code,
    `The copies could not be locked for ${purpose.for} within ${deadlineMs} ms.`,
    {
      cause,
      remedy:
        'Look for a long transaction in pg_stat_activity (state "idle in transaction"), end it, and try again.',
    },
  );
}
