import { describe, expect, it } from '@jest/globals';
import { untilApplied, type Backlog } from './until-applied.js';

/** Looks at one after the other, and at the last one for ever. */
function waiting(looks: readonly Backlog[], signal = new AbortController().signal) {
  const seen: string[] = [];
  let at = 0;
  const missing = untilApplied({
    source: 'order',
    expected: 3,
    look: () => Promise.resolve(looks[Math.min(at++, looks.length - 1)]!),
    onProgress: (applied) => void seen.push(`${applied}`),
    onStall: (count) => {
      seen.push(`stalled with ${count}`);
      looks = [...looks, { applied: 3, waiting: 0 }];
    },
    signal,
    pauseMs: 1,
    stallMs: 3,
  });
  return { missing, seen };
}

describe('waiting for the projector', () => {
  it('ends when the queue is empty and every copy is there, not when one of the two is', async () => {
    const { missing, seen } = waiting([
      { applied: 0, waiting: 0 },
      { applied: 3, waiting: 2 },
      { applied: 9, waiting: 0 },
    ]);
    expect(await missing).toBe(0);
    expect(seen).toEqual(['0', '3', '3']);
  });

  it('ends with what is missing when the queue is empty and nothing comes any more', async () => {
    expect(await waiting([{ applied: 1, waiting: 0 }]).missing).toBe(2);
  });

  it('says that nothing moves while messages wait, and goes on waiting', async () => {
    const { missing, seen } = waiting([{ applied: 1, waiting: 5 }]);
    expect(await missing).toBe(0);
    expect(seen.filter((line) => line.startsWith('stalled'))).toEqual(['stalled with 5']);
  });

  it('ends at the signal, and says that the service goes on', async () => {
    const { missing } = waiting([{ applied: 1, waiting: 5 }], AbortSignal.abort());
    await expect(missing).rejects.toMatchObject({ code: 'resync_left' });
  });
});
