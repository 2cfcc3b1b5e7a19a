import { setTimeout as delay } from 'node:timers/promises';

/** Where the time comes from; tests pass their own. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

export interface Backoff {
  /** The delay before the second attempt, in milliseconds. */
  readonly baseMs: number;
  /** The longest delay, in milliseconds. */
  readonly maxMs: number;
}

/**
 * The delay in milliseconds before attempt `attempt` (the first repeat is 1): exponential with full jitter, so that
 * many processes that lost the same server do not come back in step.
 * Method: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffDelay(
  { baseMs, maxMs }: Backoff,
  attempt: number,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(random() * ceiling);
}

/** Waits `ms` milliseconds, or until `signal` aborts; it never rejects, so loops can simply look at the signal. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
}
