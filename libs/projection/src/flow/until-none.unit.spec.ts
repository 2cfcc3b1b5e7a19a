import { describe, expect, it } from '@jest/globals';
import { untilNone, type Left } from './until-none.js';

const signal = new AbortController().signal;

/** Answers one after the other, and then the last one for ever. */
function counts(...answers: readonly Left[]): () => Promise<Left> {
  let at = 0;
  return () => Promise.resolve(answers[Math.min(at++, answers.length - 1)] as Left);
}

describe('the wait for what others work off', () => {
  it('ends when nothing is left', async () => {
    expect(
      await untilNone(counts({ count: 2 }, { count: 1 }, { count: 0 }), { stallMs: 5_000, signal }),
    ).toBe('none');
  });

  it('ends when nothing moves, and not while something does although the count stays', async () => {
    expect(await untilNone(counts({ count: 1 }), { stallMs: 30, signal })).toBe('still');
    let moves = 0;
    const moving = (): Promise<Left> => Promise.resolve({ count: moves > 4 ? 0 : 1, moves: `${moves++}` });
    expect(await untilNone(moving, { stallMs: 200, signal })).toBe('none');
  });

  it('ends when its time is over, however much moves', async () => {
    let left = 1_000_000;
    const options = { stallMs: 5_000, deadlineAt: performance.now() + 50, signal };
    expect(await untilNone(() => Promise.resolve({ count: left-- }), options)).toBe('over');
  });

  it('is stopped by its signal at once', async () => {
    const stop = new AbortController();
    const waiting = untilNone(counts({ count: 1 }), { stallMs: 60_000, signal: stop.signal });
    stop.abort();
    expect(await waiting).toBe('stopped');
  });
});
