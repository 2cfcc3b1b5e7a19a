import type { Pool } from 'pg';
import { sleep } from '#kernel';
import { RebuildStalledError } from './errors.js';

export interface DrainOptions {
  readonly pool: Pool;
  readonly view: string;
  readonly signal: AbortSignal;
  readonly stallMs: number;
  readonly onLeft?: (left: number) => void;
}

const POLL_MS = 100;

/**
 * Waits until every mark of the view that was made before this call is built. Marks that are claimed count until their
 * claim commits, and marks that were put back keep the time they were made at.
 * @throws {RebuildStalledError} when none of them is built for `stallMs`
 */
export async function drainMarks({ pool, view, signal, stallMs, onLeft }: DrainOptions): Promise<void> {
  // As text: a JavaScript date would cut off the microseconds.
  const { rows } = await pool.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  let fewest = Infinity;
  let progressAt = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const counted = await pool.query<{ left: number }>(
      'SELECT count(*)::int AS left FROM mark WHERE view = $1 AND created_at <= $2::timestamptz',
      [view, rows[0]?.now],
    );
    const left = counted.rows[0]?.left ?? 0;
    onLeft?.(left);
    if (left === 0) return;
    if (left < fewest) progressAt = performance.now();
    fewest = Math.min(fewest, left);
    if (performance.now() - progressAt > stallMs)
      throw new RebuildStalledError(view, left, Math.round(stallMs / 60_000));
    await sleep(POLL_MS, signal);
  }
}
