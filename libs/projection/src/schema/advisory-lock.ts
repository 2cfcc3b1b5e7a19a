import type { ClientBase, Pool } from 'pg';
import { sleep } from '#kernel';
import { withClient } from '../revision/client.js';

/**
 * Runs `work` while no other process of this database runs work under the same `key`. The lock is of the session and
 * ends with the process. `work` uses its own connections, so the pool must have a second one.
 */
export function withAdvisoryLock<T>(pool: Pool, key: number, work: () => Promise<T>): Promise<T> {
  return withClient(pool, async (client) => {
    await takeLock(client, key);
    try {
      return await work();
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [key]);
    }
  });
}

/**
 * Asks again and again. A statement that waits for the lock has a snapshot, and an index that the holder builds beside
 * writers waits for every snapshot to end: neither would ever go on, and PostgreSQL sees no deadlock in it.
 */
async function takeLock(client: ClientBase, key: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      key,
    ]);
    if (rows[0]?.taken === true) return;
    await sleep(50);
  }
}
