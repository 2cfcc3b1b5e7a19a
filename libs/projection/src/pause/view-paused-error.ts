import type { Pool } from 'pg';
import { PrejoinError } from '#kernel';
import { readPauses, type Pause } from './pauses.js';

/** What was asked for has to wait for marks of a view that an operator paused. */
export class ViewPausedError extends PrejoinError {
  constructor(view: string, { since, by, reason }: Pause) {
    const why = reason === null ? '' : ` (${reason})`;
    super(
      'view_paused',
      `View ${view} is paused since ${since.toISOString()} by ${by}${why}: its marks are not built, and this would wait for them.`,
      { remedy: `Resume it first: npx prejoin resume ${view}` },
    );
  }
}

/** @throws {ViewPausedError} while the view is paused */
export async function refuseIfPaused(pool: Pool, view: string): Promise<void> {
  const pauses = await readPauses(pool);
  const paused = pauses.find(({ what }) => what.kind === 'view' && what.view === view);
  if (paused !== undefined) throw new ViewPausedError(view, paused);
}
