import type { Pool } from 'pg';
import { messageOf, type Logger } from '#kernel';
import type { SearchIndex } from '#search';
import { forgetAllDocuments } from '../documents/forget.js';
import { inTransaction } from '../schema/transaction.js';
import { markAllRoots } from './mark-all.js';
import type { Generation } from './generation.js';

/**
 * Stops the writing to one generation, with an alarm, because its index is missing or closed (design rule 9). Only the
 * first process that notices alarms; a generation that was retired meanwhile is no alarm at all.
 */
export async function stopGeneration(
  pool: Pool,
  generation: Generation,
  reason: string,
  logger: Logger,
): Promise<void> {
  const { rowCount } = await pool.query(
    `UPDATE generation SET stopped = $2 WHERE index_name = $1 AND state <> 'retired' AND stopped IS NULL`,
    [generation.indexName, reason],
  );
  if (rowCount === 0) return;
  logger.error(
    { alarm: 'generation_stopped', view: generation.view, index: generation.indexName, reason },
    `Writing to index ${generation.indexName} stopped: ${reason}. Open it again if it was closed; ` +
      `if it is gone, run: npx prejoin rebuild ${generation.view}`,
  );
}

/**
 * Starts the writing to every stopped generation whose index answers again; returns the names of those indices.
 *
 * Every root of the view is marked in the same transaction: while it was stopped, marks were spent on the view's other
 * generations, and an index loses its tombstones when it is closed. Whatever is known of its documents is forgotten, so
 * that all of them are sent: it may be another index, restored from a snapshot, by now.
 */
export async function resumeGenerations(
  pool: Pool,
  index: SearchIndex,
  generations: readonly Generation[],
  logger: Logger,
): Promise<readonly string[]> {
  const resumed: string[] = [];
  for (const generation of generations) {
    if (generation.stopped === null || !(await answers(index, generation.indexName, logger))) continue;
    const marked = await inTransaction(pool, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE generation SET stopped = NULL WHERE index_name = $1 AND state <> 'retired' AND stopped IS NOT NULL`,
        [generation.indexName],
      );
      if (rowCount === 0) return null;
      await forgetAllDocuments(client, generation.indexName);
      return markAllRoots(client, generation.view, generation.plan.root);
    });
    if (marked === null) continue;
    resumed.push(generation.indexName);
    logger.info(
      { view: generation.view, index: generation.indexName, marked },
      'The index answers again: writing goes on',
    );
  }
  return resumed;
}

/** A closed index still exists, so only a read tells whether it works. */
async function answers(index: SearchIndex, name: string, logger: Logger): Promise<boolean> {
  try {
    await index.count(name);
    return true;
  } catch (error) {
    logger.debug({ index: name, reason: messageOf(error) }, 'The stopped index does not answer yet');
    return false;
  }
}
