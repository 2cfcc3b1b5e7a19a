import { backoffDelay, sleep } from './time.js';

describe('backoffDelay', () => {
  const backoff = { baseMs: 100, maxMs: 2_000 };

  it('doubles its ceiling with each attempt up to the longest delay', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 99].map((attempt) => backoffDelay(backoff, attempt, () => 1));
    expect(ceilings).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  it('spreads delays over the whole range from nothing', () => {
    expect(backoffDelay(backoff, 3, () => 0)).toBe(0);
    expect(backoffDelay(backoff, 3, () => 0.5)).toBe(200);
  });
});

describe('sleep', () => {
  it('ends early and quietly when its signal aborts', async () => {
    const stop = new AbortController();
    const slept = sleep(60_000, stop.signal);
    stop.abort();
    await expect(slept).resolves.toBeUndefined();
  });
});
