import type { ClientBase } from 'pg';
import type { Generation } from '../generations/generation.js';
import { withGenerationLock } from '../generations/generation-lock.js';
import { aliasName } from '../generations/names.js';
import { inTransaction, NO_IDLE_LIMIT } from '../schema/transaction.js';
import { fence } from './lease.js';
import type { RebuildOptions } from './options.js';

/**
 * Makes the new generation live and moves the alias to it in one call; returns the index that was live before, which is
 * kept current until its rollback period ends.
 *
 * The alias moves while the rebuild's row is locked: whoever would take the rebuild over waits for the commit, so a
 * holder that slept can not move the alias late. Dying between the two leaves the alias one generation ahead of the
 * table; both generations are current then, and the next start of a projector or the next holder puts it right.
 */
export function swapGenerations(
  options: RebuildOptions,
  generation: Generation,
  token: string,
  keepPreviousMs: number,
): Promise<string | null> {
  const { pool, index, indexPrefix } = options;
  const { view, number, indexName } = generation;
  const swap = async (client: ClientBase): Promise<string | null> => {
    await fence(client, generation, token);
    // An older previous generation has done its duty: its period ends with this swap.
    await client.query(`UPDATE generation SET keep_until = now() WHERE view = $1 AND state = 'previous'`, [
      view,
    ]);
    const previous = await makeLive(client, generation, keepPreviousMs);
    await client.query('DELETE FROM rebuild WHERE view = $1 AND number = $2', [view, number]);
    await index.point(aliasName(indexPrefix, view), indexName);
    return previous;
  };
  return withGenerationLock(pool, () => inTransaction(pool, swap, { idleMs: NO_IDLE_LIMIT }));
}

/**
 * In the caller's transaction: the live generation becomes the previous one, kept for `keepPreviousMs`, and this one live.
 * Answers the index that was live.
 */
export async function makeLive(
  client: ClientBase,
  { view, number }: Generation,
  keepPreviousMs: number,
): Promise<string | null> {
  const { rows } = await client.query<{ index_name: string }>(
    `UPDATE generation SET state = 'previous', keep_until = now() + $2 * interval '1 millisecond'
     WHERE view = $1 AND state = 'live' RETURNING index_name`,
    [view, keepPreviousMs],
  );
  await client.query(
    `UPDATE generation SET state = 'live', swapped_at = now(), keep_until = NULL WHERE view = $1 AND number = $2`,
    [view, number],
  );
  return rows[0]?.index_name ?? null;
}
