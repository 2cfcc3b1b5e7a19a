import { sleep } from '#kernel';
import type { SearchIndex } from '#search';

/** When documents can be read by id after they were announced: in milliseconds, each looked for again and again. */
export interface Readable {
  /** Begins to look for a document; the time counts from `since`, of `performance.now()`. */
  expect(id: string, since?: number): void;
  /** Resolves when all that was announced was found, and hands their times out, in the order found. */
  taken(): Promise<readonly number[]>;
  /** As `taken`, without waiting for what was not found yet. */
  soFar(): readonly number[];
  stop(): Promise<void>;
}

const POLL_MS = 2;
/** A look at more of them at once would take longer than it waits. */
const AT_ONCE = 50;

export function watchReadable(index: SearchIndex, alias: string): Readable {
  const waiting = new Map<string, number>();
  let times: number[] = [];
  const stopping = new AbortController();
  const look = async (): Promise<void> => {
    const ids = [...waiting.keys()].slice(0, AT_ONCE);
    if (ids.length === 0) return;
    const found = await index.getMany(alias, ids, { deadlineMs: 10_000 });
    const now = performance.now();
    for (const id of found.keys()) {
      times.push(now - (waiting.get(id) ?? now));
      waiting.delete(id);
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await sleep(POLL_MS, stopping.signal);
    }
  })();
  const taken = (): readonly number[] => {
    const all = times;
    times = [];
    return all;
  };
  return {
    expect: (id, since = performance.now()) => void waiting.set(id, since),
    taken: async () => {
      while (waiting.size > 0) await sleep(POLL_MS);
      return taken();
    },
    soFar: taken,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
