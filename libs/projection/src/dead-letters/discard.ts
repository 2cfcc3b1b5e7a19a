import type { Pool } from 'pg';
import { conditionOf, refreshStatistics, type DeadLetterFilter } from './list.js';

export interface DiscardOptions {
  readonly pool: Pool;
  readonly filter: Omit<DeadLetterFilter, 'states'>;
  /** Only letters up to this id, so that those which come meanwhile are not given up unseen. */
  readonly lastId: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

const PAGE = 1_000;

/**
 * Gives open letters up: they count no more, and the same message that comes again does not open them. What they hold
 * stays until it is healed. Page by page, so that no consumer waits long for a letter that it writes; an abort ends it
 * after the page.
 *
 * @returns how many it discarded
 */
export async function discardDeadLetters({
  pool,
  filter,
  lastId,
  signal,
  onProgress,
}: DiscardOptions): Promise<number> {
  const { sql, values } = conditionOf({ ...filter, states: ['open'] });
  await refreshStatistics(pool);
  let discarded = 0;
  let page: number;
  do {
    const { rowCount } = await pool.query(
      `UPDATE dead_letter SET discarded_at = now()
       WHERE id = ANY(ARRAY(
         SELECT id FROM dead_letter
         WHERE ${sql} AND id <= $${values.length + 1}
         ORDER BY id
         LIMIT ${PAGE}
         FOR UPDATE
       ))`,
      [...values, lastId],
    );
    page = rowCount ?? 0;
    discarded += page;
    onProgress?.(discarded);
  } while (page > 0 && signal?.aborted !== true);
  return discarded;
}
