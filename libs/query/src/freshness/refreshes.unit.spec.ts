import { describe, expect, test } from '@jest/globals';
import { eventually } from '#testing';
import { Refreshes } from './refreshes.js';

/** An index whose refreshes end when the test says so. */
function controlled(apartMs?: number) {
  const begun: { readonly name: string; readonly at: number; readonly end: (error?: Error) => void }[] = [];
  const index = {
    refresh: (name: string) =>
      new Promise<void>((resolve, reject) => {
        const end = (error?: Error): void => (error === undefined ? resolve() : reject(error));
        begun.push({ name, at: performance.now(), end });
      }),
  };
  return { begun, refreshes: new Refreshes(index, apartMs) };
}

describe('Refreshes of an index', () => {
  test('are shared by all who ask before one begins, and no one joins one that has begun', async () => {
    const { begun, refreshes } = controlled();
    const first = [refreshes.refresh('a'), refreshes.refresh('a')];
    await eventually(() => expect(begun).toHaveLength(1));
    const later = [refreshes.refresh('a'), refreshes.refresh('a'), refreshes.refresh('a')];
    begun[0]?.end();
    await Promise.all(first);
    await eventually(() => expect(begun).toHaveLength(2));
    begun[1]?.end();
    await Promise.all(later);
    expect(begun).toHaveLength(2);
  });

  test('of one index begin a tenth of a second apart', async () => {
    const { begun, refreshes } = controlled();
    for (let round = 0; round < 3; round++) {
      const refreshed = refreshes.refresh('a');
      await eventually(() => expect(begun).toHaveLength(round + 1));
      begun[round]?.end();
      await refreshed;
    }
    const [first, second, third] = begun.map(({ at }) => at) as [number, number, number];
    expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(95);
  });

  test('of one index do not wait for those of another', async () => {
    const { begun, refreshes } = controlled(1_000);
    const first = refreshes.refresh('a');
    await eventually(() => expect(begun).toHaveLength(1));
    begun[0]?.end();
    await first;
    const again = refreshes.refresh('a');
    const other = refreshes.refresh('b');
    await eventually(() => expect(begun.map(({ name }) => name)).toEqual(['a', 'b']));
    await eventually(() => expect(begun).toHaveLength(3));
    for (const { end } of begun) end();
    await Promise.all([again, other]);
  });

  test('that fail are told to those who waited for them, and to no one else', async () => {
    const { begun, refreshes } = controlled();
    const failing = refreshes.refresh('a');
    await eventually(() => expect(begun).toHaveLength(1));
    const next = refreshes.refresh('a');
    begun[0]?.end(new Error('away'));
    await expect(failing).rejects.toThrow('away');
    await eventually(() => expect(begun).toHaveLength(2));
    begun[1]?.end();
    await next;
  });
});
