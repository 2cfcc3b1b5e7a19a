import { describe, expect, it } from '@jest/globals';
import { AdaptiveSize } from './adaptive-size.js';

const open = (start = 400): AdaptiveSize => new AdaptiveSize({ min: 50, max: 1_000, targetMs: 1_000, start });
const quick = { tookMs: 100, pushedBack: false };

/** A full batch of the current size. */
const full = (size: AdaptiveSize, more: Partial<Parameters<AdaptiveSize['note']>[0]> = {}): number => {
  size.note({ limit: size.current, used: size.current, ...quick, ...more });
  return size.current;
};

describe('a size that adapts', () => {
  it.each([
    ['the server pushes back', { pushedBack: true }],
    ['the answer is slow', { tookMs: 1_001 }],
  ])('is halved when %s, and never below the least', (_, answer) => {
    const size = open();
    expect([1, 2, 3, 4].map(() => full(size, answer))).toEqual([200, 100, 50, 50]);
  });

  it('doubles with each full batch that was answered quickly, and never above the largest', () => {
    const size = open(200);
    expect([1, 2, 3, 4].map(() => full(size))).toEqual([400, 800, 1_000, 1_000]);
  });

  it('grows by a twentieth of the largest once it was halved, and never above it', () => {
    const size = open(1_000);
    full(size, { pushedBack: true });
    expect([1, 2, 3].map(() => full(size))).toEqual([550, 600, 650]);
    for (let more = 0; more < 10; more++) full(size);
    expect(size.current).toBe(1_000);
  });

  it('stays while answers take between half of the target and the target', () => {
    expect(full(open(), { tookMs: 500 })).toBe(400);
    expect(full(open(), { tookMs: 1_000 })).toBe(400);
  });

  it('does not grow by batches that were not full, since they say nothing about larger ones', () => {
    expect(full(open(), { used: 399 })).toBe(400);
  });

  it('is halved once by batches that were in flight side by side', () => {
    const size = open();
    for (let lane = 0; lane < 3; lane++)
      size.note({ limit: 400, used: 400, tookMs: 5_000, pushedBack: false });
    expect(size.current).toBe(200);
  });

  it('begins at a quarter of the largest, within its bounds', () => {
    expect(new AdaptiveSize({ min: 50, max: 1_000, targetMs: 1 }).current).toBe(250);
    expect(new AdaptiveSize({ min: 50, max: 100, targetMs: 1 }).current).toBe(50);
    expect(new AdaptiveSize({ min: 50, max: 20, targetMs: 1 }).current).toBe(20);
  });
});
