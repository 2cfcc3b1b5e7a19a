import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** How long the assertion may go on failing, in milliseconds; 10 000 unless told. */
  readonly timeoutMs?: number;
}

/**
 * Repeats `assertion` until it passes, and returns what it returned.
 * @throws what the assertion threw last, with the time waited added to its message
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 10_000 }: EventuallyOptions = {},
): Promise<T> {
  const started = performance.now();
  for (let attempts = 1; ; attempts++) {
    const remaining = timeoutMs - (performance.now() - started);
    try {
      return await within(assertion, Math.max(remaining, 1));
    } catch (error) {
      const waited = Math.round(performance.now() - started);
      if (waited >= timeoutMs)
        throw afterWaiting(error, `still so after ${waited} ms and ${attempts} attempts`);
    }
    // Quick at first, so that fast conditions cost nothing; then gentle on servers that everybody shares.
    await delay(Math.min(10 * attempts, 200));
  }
}

/** An assertion that hangs must not hang the test past its deadline without a reason. */
async function within<T>(assertion: () => T | Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the assertion itself did not end')), timeoutMs);
  });
  try {
    return await Promise.race([assertion(), deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function afterWaiting(error: unknown, waited: string): Error {
  if (!(error instanceof Error)) return new Error(`${String(error)} (${waited})`, { cause: error });
  error.message = `${error.message} (${waited})`;
  return error;
}
