import { describe, expect, test } from '@jest/globals';
import { eventually } from '#testing';
import { lagCache } from './lag-cache.js';

/** A source of lags that answers when the test says so. */
function controlled() {
  const asked: ((lag: number | Error) => void)[] = [];
  const faults: unknown[] = [];
  return {
    asked,
    faults,
    onFault: (error: unknown) => void faults.push(error),
    read: () =>
      new Promise<(view: string) => number | null>((resolve, reject) => {
        asked.push((lag) => {
          if (lag instanceof Error) reject(lag);
          else resolve((view) => (view === 'known' ? lag : null));
        });
      }),
  };
}

describe('The lag that answers tell', () => {
  test('is waited for when none is known, by all who ask at once', async () => {
    const source = controlled();
    const lagMs = lagCache({ ...source, patienceMs: 10_000 });
    const answers = Promise.all([lagMs('known'), lagMs('known'), lagMs('other')]);
    source.asked[0]?.(7);
    expect(await answers).toEqual([7, 7, null]);
    expect(source.asked).toHaveLength(1);
  });

  test('is told as it was while it is read again', async () => {
    const source = controlled();
    const lagMs = lagCache({ ...source, everyMs: 0, goodForMs: 60_000 });
    const first = lagMs('known');
    source.asked[0]?.(7);
    expect(await first).toBe(7);
    expect(await lagMs('known')).toBe(7);
    expect(source.asked).toHaveLength(2);
    source.asked[1]?.(9);
    await eventually(async () => expect(await lagMs('known')).toBe(9));
  });

  test('is not read again before its time', async () => {
    const source = controlled();
    const lagMs = lagCache({ ...source, everyMs: 60_000, goodForMs: 60_000 });
    const first = lagMs('known');
    source.asked[0]?.(7);
    await first;
    for (let more = 0; more < 100; more++) expect(await lagMs('known')).toBe(7);
    expect(source.asked).toHaveLength(1);
  });

  test('is unknown while nobody answers, and holds up only those who ask when a reading begins', async () => {
    const source = controlled();
    const lagMs = lagCache({ ...source, everyMs: 0, patienceMs: 30 });
    expect(await lagMs('known')).toBeNull();
    const begunAt = performance.now();
    for (let more = 0; more < 50; more++) expect(await lagMs('known')).toBeNull();
    expect(performance.now() - begunAt).toBeLessThan(500);
    source.asked[0]?.(new Error('away'));
    await eventually(() => expect(source.faults).toHaveLength(1));
    const back = lagMs('known');
    source.asked[1]?.(3);
    expect(await back).toBe(3);
  });

  test('is unknown when what was read is old', async () => {
    const source = controlled();
    const lagMs = lagCache({ ...source, everyMs: 0, goodForMs: -1, patienceMs: 1 });
    const first = lagMs('known');
    source.asked[0]?.(7);
    await first;
    expect(await lagMs('known')).toBeNull();
  });
});
