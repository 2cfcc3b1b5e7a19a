import type { PoolClient } from 'pg';
import { readGenerations, type Generation } from '../generations/generation.js';
import { withGenerationLock } from '../generations/generation-lock.js';
import { aliasName } from '../generations/names.js';
import { retireGeneration } from '../generations/retire.js';
import { inTransaction, NO_IDLE_LIMIT } from '../schema/transaction.js';
import { fence } from './lease.js';
import type { RebuildOptions } from './options.js';

export type AbandonOptions = Pick<RebuildOptions, 'pool' | 'index' | 'indexPrefix' | 'logger'>;

/**
 * Gives a rebuild up: its generation is retired and its index dropped; the live one stays as it is.
 * @throws {RebuildLeaseLostError} when the rebuild belongs to somebody else by now, and is left to them
 */
export function abandonRebuild(
  options: AbandonOptions,
  generation: Generation,
  token: string,
): Promise<void> {
  return withGenerationLock(options.pool, () => abandonLocked(options, generation, token));
}

/** As `abandonRebuild`, for a caller that holds the generation lock. */
export async function abandonLocked(
  options: AbandonOptions,
  generation: Generation,
  token: string,
): Promise<void> {
  const { pool, index, indexPrefix } = options;
  const alias = aliasName(indexPrefix, generation.view);
  const live = (await readGenerations(pool, generation.view)).find(({ state }) => state === 'live');
  const retire = async (client: PoolClient): Promise<void> => {
    await fence(client, generation, token);
    // A holder that died in the middle of the swap may have moved the alias: readers must not follow it into the drop.
    if (live !== undefined && (await index.pointsAt(alias)) === generation.indexName)
      await index.point(alias, live.indexName);
    await client.query(
      `UPDATE generation SET state = 'retired', keep_until = now() WHERE index_name = $1 AND state = 'building'`,
      [generation.indexName],
    );
    await client.query('DELETE FROM rebuild WHERE view = $1 AND number = $2', [
      generation.view,
      generation.number,
    ]);
  };
  await inTransaction(pool, retire, { idleMs: NO_IDLE_LIMIT });
  await retireGeneration(options, generation.indexName);
}
