import { sleep } from '#kernel';

/** When documents of an index can be found by a search, as a reader would, after they were announced. */
export interface Appearance {
  /** Begins to look for a document. */
  expect(id: string): void;
  /** The seconds that each document took that was announced in this span of `performance.now()` and has been found. */
  between(fromMs: number, toMs: number): readonly number[];
  readonly missing: number;
  stop(): Promise<void>;
}

const POLL_MS = 50;

export function watchAppearance(elasticsearchUrl: string, alias: string): Appearance {
  const waiting = new Map<string, number>();
  const found: { readonly expectedAt: number; readonly seconds: number }[] = [];
  const stopping = new AbortController();
  const look = async (): Promise<void> => {
    // The oldest: what is late must not be crowded out by what comes after it.
    const values = [...waiting.keys()].slice(0, 1_000);
    if (values.length === 0) return;
    const answer = await fetch(`${elasticsearchUrl}/${alias}/_search?filter_path=hits.hits._id`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ size: values.length, _source: false, query: { ids: { values } } }),
    });
    const { hits } = (await answer.json()) as { hits?: { hits?: readonly { readonly _id: string }[] } };
    const now = performance.now();
    for (const { _id } of hits?.hits ?? []) {
      const expectedAt = waiting.get(_id);
      if (expectedAt === undefined) continue;
      waiting.delete(_id);
      found.push({ expectedAt, seconds: (now - expectedAt) / 1_000 });
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await sleep(POLL_MS, stopping.signal);
    }
  })();
  return {
    expect: (id) => void waiting.set(id, performance.now()),
    between: (fromMs, toMs) =>
      found
        .filter(({ expectedAt }) => expectedAt >= fromMs && expectedAt < toMs)
        .map(({ seconds }) => seconds),
    get missing() {
      return waiting.size;
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** The value that so many of these are below or equal to, by nearest rank; `NaN` of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
