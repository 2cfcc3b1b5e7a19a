import type { Pool } from 'pg';
import { untilNone } from '../flow/until-none.js';
import { databaseNow } from '../schema/database-now.js';
import { RebuildStalledError } from './errors.js';

export interface DrainOptions {
  readonly pool: Pool;
  readonly view: string;
  /** The generation that has to be current: marks that are for another one alone are not waited for. */
  readonly indexName: string;
  readonly signal: AbortSignal;
  readonly stallMs: number;
  readonly onLeft?: (left: number) => void;
}

/**
 * Waits until every mark that concerns the generation and was made before this call is built. Marks that are claimed count
 * until their claim commits, and marks that were put back keep the time they were made at.
 * @throws {RebuildStalledError} when none of them is built for `stallMs`
 */
export async function drainMarks({
  pool,
  view,
  indexName,
  signal,
  stallMs,
  onLeft,
}: DrainOptions): Promise<void> {
  const until = await databaseNow(pool);
  let left = 0;
  const end = await untilNone(
    async () => {
      const { rows } = await pool.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM mark
         WHERE view = $1 AND created_at <= $2::timestamptz AND (index_name IS NULL OR index_name = $3)`,
        [view, until, indexName],
      );
      left = rows[0]?.count ?? 0;
      onLeft?.(left);
      return { count: left };
    },
    { stallMs, signal },
  );
  signal.throwIfAborted();
  if (end !== 'none') throw new RebuildStalledError(view, left, stallMs);
}
