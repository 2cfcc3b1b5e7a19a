import type { Pool, PoolClient } from 'pg';
import { checkOut } from '#kernel';

/**
 * Runs `work` on one connection of the pool.
 *
 * A connection that breaks while it is checked out emits 'error' beside rejecting the running query; without a listener
 * that ends the process, so the rejection is the only report. A connection that failed in any way is thrown away rather
 * than returned: it may be inside a transaction, and closing it is what rolls that back.
 */
export async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  const client = await checkOut(pool, onError);
  try {
    return await work(client);
  } catch (error) {
    broken ??= error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
