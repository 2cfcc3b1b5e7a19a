import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import type { SearchIndex } from '#search';
import { dropUnusedDerived } from '../copies/drop-derived.js';
import { installTriggers } from '../marks/triggers.js';
import { readGenerations } from './generation.js';
import { withGenerationLock } from './generation-lock.js';

export interface RetireOptions {
  readonly pool: Pool;
  readonly index: SearchIndex;
  readonly logger: Logger;
}

/** How long after its time an index is kept for whoever still reads it; a snapshot may be walked for ever. */
const LONGEST_HOLD = '1 hour';

/**
 * Retires generations whose rollback period has ended, drops their indices, and ends what a crash left half done. An
 * index that a snapshot, an export or a running search holds is written no more, and dropped by a later call.
 * Returns the names of the indices that are gone.
 */
export function retireExpired(options: RetireOptions): Promise<readonly string[]> {
  return withGenerationLock(options.pool, async () => {
    const { rows } = await options.pool.query<{ index_name: string; hold_ended: boolean }>(
      `SELECT index_name, keep_until + interval '${LONGEST_HOLD}' <= now() AS hold_ended FROM generation
       WHERE (state = 'previous' AND keep_until <= now()) OR (state = 'retired' AND keep_until IS NOT NULL)
       ORDER BY index_name`,
    );
    const dropped: string[] = [];
    for (const { index_name, hold_ended } of rows) {
      await stopWriting(options, index_name);
      if (!hold_ended && (await isHeld(options, index_name))) continue;
      await dropIndex(options, index_name);
      dropped.push(index_name);
    }
    return dropped;
  });
}

/**
 * Retires one generation and drops its index, whoever reads it; the caller holds the generation lock. A crash in between
 * is found by `retireExpired`.
 */
export async function retireGeneration(options: RetireOptions, indexName: string): Promise<void> {
  await stopWriting(options, indexName);
  await dropIndex(options, indexName);
}

/**
 * First the state, so that snapshots from now on do not list it, then the triggers, which are made without its plan,
 * then the columns that no other plan reads. A builder whose snapshot is older may still write to the index: when that is
 * dropped, it is told that it is missing and puts its marks back, and a retired generation raises no alarm.
 */
async function stopWriting({ pool, logger }: RetireOptions, indexName: string): Promise<void> {
  await pool.query(
    `UPDATE generation SET state = 'retired', keep_until = coalesce(keep_until, now()) WHERE index_name = $1`,
    [indexName],
  );
  await installTriggers(pool, [], { logger });
  const plans = (await readGenerations(pool)).map(({ plan }) => plan);
  await dropUnusedDerived(pool, plans, { logger });
}

async function isHeld({ index, logger }: RetireOptions, indexName: string): Promise<boolean> {
  const holders = await index.heldBy(indexName);
  if (holders > 0)
    logger.info({ index: indexName, holders }, 'The retired index is being read, and is dropped later');
  return holders > 0;
}

/** Open dead letters go with the index. `keep_until` stays set until it is dropped, so that a crash in between is found. */
async function dropIndex({ pool, index, logger }: RetireOptions, indexName: string): Promise<void> {
  await index.drop(indexName);
  await pool.query('DELETE FROM document WHERE index_name = $1', [indexName]);
  await pool.query('UPDATE generation SET keep_until = NULL WHERE index_name = $1', [indexName]);
  await pool.query('UPDATE dead_letter SET healed_at = now() WHERE index_name = $1 AND healed_at IS NULL', [
    indexName,
  ]);
  logger.info({ index: indexName }, 'The generation was retired and its index dropped');
}
