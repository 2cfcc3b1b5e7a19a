import { sleep } from '#kernel';
import type { Freshness } from './freshness.js';

export interface LagCacheOptions {
  /** Reads the lag of all views at once. */
  readonly read: () => Promise<(view: string) => number | null>;
  /** Told why it could not be read. */
  readonly onFault?: (error: unknown) => void;
  /** It is read no more often than this, in milliseconds. */
  readonly everyMs?: number;
  /** What is older is not told, in milliseconds. */
  readonly goodForMs?: number;
  /** How long an answer waits when nothing is there to tell, in milliseconds. */
  readonly patienceMs?: number;
}

/**
 * The lag as it was read lately. It is read while it is asked for, behind the answers' backs: an answer waits only when
 * there is nothing to tell, after a start or a quiet time, and then for a moment at most.
 */
export function lagCache(options: LagCacheOptions): Freshness['lagMs'] {
  const { read, onFault, everyMs = 1_000, goodForMs = 2_000, patienceMs = 50 } = options;
  let lagOf: (view: string) => number | null = () => null;
  let readAt = -Infinity;
  let begunAt = -Infinity;
  let reading: Promise<void> | null = null;

  const readAgain = async (): Promise<void> => {
    begunAt = performance.now();
    try {
      lagOf = await read();
      readAt = begunAt;
    } catch (error) {
      onFault?.(error);
    } finally {
      reading = null;
    }
  };
  const known = (): boolean => performance.now() - readAt <= goodForMs;
  return async (view) => {
    if (performance.now() - begunAt >= everyMs) reading ??= readAgain();
    // From the beginning of the reading on, so that one that hangs holds up only those who saw it begin.
    const leftMs = begunAt + patienceMs - performance.now();
    if (!known() && reading !== null && leftMs > 0) await within(reading, leftMs);
    return known() ? lagOf(view) : null;
  };
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([work.finally(() => over.abort()), sleep(ms, over.signal)]);
}
