import type { Pool } from 'pg';
import { withClient } from '../revision/client.js';

/** Any fixed number serves; it only must differ from other advisory locks in this database. */
const LOCK_KEY = 7_065_742;

/**
 * Runs `work` alone among all processes that change generations.
 *
 * Triggers are made from the union of all plans. Two changes at once would each compute a union without the other, and
 * the later one would drop triggers that the earlier one needs. The lock is of the session and ends with the process.
 * `work` uses its own connections, so the pool must have a second one.
 */
export function withGenerationLock<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
    try {
      return await work();
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [LOCK_KEY]);
    }
  });
}
