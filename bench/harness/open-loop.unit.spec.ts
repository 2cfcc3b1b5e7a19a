import { afterEach, expect, jest, test } from '@jest/globals';
import { openLoop } from './open-loop.js';

afterEach(() => void jest.useRealTimers());

test('a request that could not be sent when it was due is counted from then', async () => {
  const blockMs = 50;
  const times = await openLoop({
    rate: 1_000,
    count: 3,
    ask: (n) => {
      const until = n === 0 ? performance.now() + blockMs : 0;
      while (performance.now() < until);
      return Promise.resolve();
    },
  });
  expect(times).toHaveLength(3);
  // The third is due two milliseconds after the first, which keeps this process to itself.
  for (const time of times) expect(time).toBeGreaterThanOrEqual(blockMs - 3);
});

test('requests are sent when they are due, also while earlier ones are unanswered', async () => {
  const last = Promise.withResolvers<void>();
  const times = await openLoop({
    rate: 1_000,
    count: 3,
    ask: (n) => {
      if (n === 2) last.resolve();
      return last.promise;
    },
  });
  expect(times.every((time) => time >= 0)).toBe(true);
});

test('a failed request fails the whole, and no further one is sent', async () => {
  jest.useFakeTimers();
  let asked = 0;
  const ask = (): Promise<void> => {
    asked += 1;
    return Promise.reject(new Error('gone'));
  };
  const failing = expect(openLoop({ rate: 10, count: 1_000, ask })).rejects.toThrow('gone');
  await jest.advanceTimersByTimeAsync(1_000);
  await failing;
  expect(asked).toBe(1);
});
