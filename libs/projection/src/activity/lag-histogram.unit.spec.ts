import { describe, expect, it } from '@jest/globals';
import { LAG_BUCKETS, lagBucket, lagPercentile } from './lag-histogram.js';

function counted(lags: readonly number[]): readonly number[] {
  const counts = new Array<number>(LAG_BUCKETS).fill(0);
  for (const lag of lags) counts[lagBucket(lag)]! += 1;
  return counts;
}

/** The nearest rank, from the lags themselves. */
function exact(lags: readonly number[], share: number): number {
  const sorted = [...lags].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

describe('the percentiles of a lag histogram', () => {
  it.each([
    ['steady lags', Array.from({ length: 500 }, (_, n) => 0.2 + n / 5_000)],
    ['lags of milliseconds', Array.from({ length: 300 }, (_, n) => 0.006 + n / 20_000)],
    ['a long tail', Array.from({ length: 1_000 }, (_, n) => 0.05 * 1.006 ** n)],
    ['lags of hours', Array.from({ length: 100 }, (_, n) => 600 + 30 * n)],
    // Two humps: a mean, or a bucket that is off by some, tells neither.
    ['two humps', [...new Array<number>(970).fill(0.1), ...new Array<number>(30).fill(20)]],
  ])('are within a fifth of the true ones: %s', (_, lags) => {
    for (const share of [0.5, 0.9, 0.99]) {
      const told = lagPercentile(counted(lags), share) ?? NaN;
      const ratio = told / exact(lags, share);
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(1.25);
    }
  });

  it('are unknown where nothing was counted', () => {
    expect(lagPercentile([], 0.5)).toBeNull();
    expect(lagPercentile([0, 0], 0.99)).toBeNull();
  });

  it('stay numbers for lags of nought, below nought, and beyond the last bucket', () => {
    expect(lagBucket(0)).toBe(0);
    expect(lagBucket(-1)).toBe(0);
    expect(lagBucket(NaN)).toBe(0);
    expect(lagBucket(1e9)).toBe(LAG_BUCKETS - 1);
    expect(lagPercentile(counted([1e9]), 0.99)).toBeGreaterThan(3_600);
    expect(lagPercentile(counted([0]), 0.99)).toBeLessThanOrEqual(0.005);
  });
});
