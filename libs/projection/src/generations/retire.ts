import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import type { SearchIndex } from '#search';
import { installTriggers } from '../marks/triggers.js';
import { withGenerationLock } from './generation-lock.js';

export interface RetireOptions {
  readonly pool: Pool;
  readonly index: SearchIndex;
  readonly logger: Logger;
}

/**
 * Retires generations whose rollback period has ended, drops their indices, and ends what a crash left half done.
 * Returns the names of the indices.
 */
export function retireExpired(options: RetireOptions): Promise<readonly string[]> {
  return withGenerationLock(options.pool, async () => {
    const { rows } = await options.pool.query<{ index_name: string }>(
      `SELECT index_name FROM generation
       WHERE (state = 'previous' AND keep_until <= now()) OR (state = 'retired' AND keep_until IS NOT NULL)
       ORDER BY index_name`,
    );
    for (const { index_name } of rows) await retireGeneration(options, index_name);
    return rows.map((row) => row.index_name);
  });
}

/**
 * Retires one generation; the caller holds the generation lock.
 *
 * First the state, so that snapshots from now on do not list it, then the triggers, which are made without its plan,
 * then the index. A builder whose snapshot is older may still write to the dropped index: it is told that the index is
 * missing and puts its marks back, and a retired generation raises no alarm. Open dead letters go with the index.
 * `keep_until` stays set until the index is dropped, so that a crash in between is found.
 */
export async function retireGeneration(
  { pool, index, logger }: RetireOptions,
  indexName: string,
): Promise<void> {
  await pool.query(
    `UPDATE generation SET state = 'retired', keep_until = coalesce(keep_until, now()) WHERE index_name = $1`,
    [indexName],
  );
  await installTriggers(pool, [], { logger });
  await index.drop(indexName);
  await pool.query('UPDATE generation SET keep_until = NULL WHERE index_name = $1', [indexName]);
  await pool.query('UPDATE dead_letter SET healed_at = now() WHERE index_name = $1 AND healed_at IS NULL', [
    indexName,
  ]);
  logger.info({ index: indexName }, 'The generation was retired and its index dropped');
}
