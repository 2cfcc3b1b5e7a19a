import type { BuildMetrics } from '../build/metrics.js';
import { LAG_BUCKETS, lagBucket, type LagCounts } from './lag-histogram.js';

/** What a process built of one view since it was asked last. */
export interface ViewCounts {
  readonly view: string;
  readonly documents: number;
  readonly lags: LagCounts;
}

/** Counts in memory what a process builds; a heartbeat takes it now and then. */
export class ActivityCounts {
  #views = new Map<string, { documents: number; readonly lags: number[] }>();

  /** The same metrics, of which documents and lags are counted here as well. */
  observing(metrics: BuildMetrics): BuildMetrics {
    return {
      ...metrics,
      documents: (view, result, count) => {
        if (result === 'built') this.#of(view).documents += count;
        metrics.documents(view, result, count);
      },
      lag: (view, seconds) => {
        const { lags } = this.#of(view);
        const bucket = lagBucket(seconds);
        lags[bucket] = (lags[bucket] ?? 0) + 1;
        metrics.lag(view, seconds);
      },
    };
  }

  /** All that was counted since the last call; a view of which nothing was built is not in it. */
  take(): readonly ViewCounts[] {
    const taken = [...this.#views].map(([view, counts]) => ({ view, ...counts }));
    this.#views = new Map();
    return taken.filter(({ documents, lags }) => documents > 0 || lags.some((count) => count > 0));
  }

  #of(view: string): { documents: number; readonly lags: number[] } {
    const counts = this.#views.get(view) ?? { documents: 0, lags: new Array<number>(LAG_BUCKETS).fill(0) };
    this.#views.set(view, counts);
    return counts;
  }
}
