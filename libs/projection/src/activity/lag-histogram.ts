/**
 * Counts of lags by buckets, each ending about a fifth above the one before: from 5 ms to beyond an hour, whatever a
 * view's lag is. The bounds are part of what is stored (table `activity`): other bounds need another column.
 */
export type LagCounts = readonly number[];

const FIRST_ENDS_AT = 0.005;
const BUCKETS_PER_DOUBLING = 4;
/** The last one takes all that is longer. */
export const LAG_BUCKETS = 82;

/** The bucket that a lag, in seconds, is counted in: the first that ends at or above it. */
export function lagBucket(seconds: number): number {
  if (!(seconds > FIRST_ENDS_AT)) return 0;
  const at = Math.ceil(Math.log2(seconds / FIRST_ENDS_AT) * BUCKETS_PER_DOUBLING);
  return Math.min(at, LAG_BUCKETS - 1);
}

function endOf(bucket: number): number {
  return FIRST_ENDS_AT * 2 ** (bucket / BUCKETS_PER_DOUBLING);
}

/**
 * The lag in seconds that `share` of the counted ones do not exceed, to about a tenth; null when none is counted. Within
 * a bucket lags are taken to be spread evenly on a logarithmic scale.
 */
export function lagPercentile(counts: LagCounts, share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const within = (rank - below) / count;
      return bucket === 0
        ? endOf(0) * within
        : endOf(bucket - 1) * (endOf(bucket) / endOf(bucket - 1)) ** within;
    }
    below += count;
  }
  return endOf(counts.length - 1);
}
