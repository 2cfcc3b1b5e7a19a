import { PrejoinError } from '#kernel';
import { readGenerations } from './generation.js';
import { withGenerationLock } from './generation-lock.js';
import { retireGeneration, type RetireOptions } from './retire.js';

/** A rebuild of the view is under way. */
export class ViewBusyError extends PrejoinError {
  constructor(view: string) {
    super('view_busy', `View ${view} is being rebuilt.`, {
      remedy: 'Let the rebuild end, or stop it, and try again.',
    });
  }
}

/**
 * Retires all generations of a view that is no longer declared, and drops their indices, its alias with them; its marks
 * go too. Returns the names of the indices; none when there is nothing of the view.
 *
 * For the caller to know: a process of a release that still declares the view builds it anew at its next start.
 * @throws {ViewBusyError} while a generation is being built
 */
export async function dropView(options: RetireOptions, view: string): Promise<readonly string[]> {
  return withGenerationLock(options.pool, async () => {
    const generations = await readGenerations(options.pool, view);
    if (generations.some(({ state }) => state === 'building')) throw new ViewBusyError(view);
    // The live one last: a crash in between leaves what is read.
    const ordered = generations.toSorted((a, b) => Number(a.state === 'live') - Number(b.state === 'live'));
    for (const { indexName } of ordered) await retireGeneration(options, indexName);
    await options.pool.query('DELETE FROM mark WHERE view = $1', [view]);
    return ordered.map(({ indexName }) => indexName);
  });
}
