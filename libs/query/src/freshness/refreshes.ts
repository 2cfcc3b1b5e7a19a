import { sleep } from '#kernel';
import type { SearchIndex } from '#search';

/** The least time between the beginnings of two refreshes of one index, in milliseconds. */
const APART_MS = 100;

interface OfIndex {
  /** Until when no other may begin, by `performance.now()`. */
  notBefore: number;
  /** Ends with the refresh that runs; it need not have gone well. */
  running: Promise<unknown>;
  /** The one that has not begun yet. */
  next: Promise<void> | null;
}

/**
 * Makes what is in an index visible to search, for all who ask at once: they share one refresh that begins after the last
 * of them asked. Each makes a segment, which costs every search, so that they do not follow at once.
 */
export class Refreshes {
  readonly #of = new Map<string, OfIndex>();

  constructor(
    private readonly index: Pick<SearchIndex, 'refresh'>,
    private readonly apartMs = APART_MS,
  ) {}

  /** Resolves when everything that was in the index before the call is visible. @throws as `SearchIndex.refresh` */
  refresh(name: string): Promise<void> {
    const known = this.#of.get(name) ?? { notBefore: 0, running: Promise.resolve(), next: null };
    this.#of.set(name, known);
    known.next ??= this.#begin(name, known);
    return known.next;
  }

  async #begin(name: string, known: OfIndex): Promise<void> {
    await known.running;
    const waitMs = known.notBefore - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    known.notBefore = performance.now() + this.apartMs;
    // Whoever asks from here on may have written after it began.
    known.next = null;
    const refreshed = this.index.refresh(name);
    known.running = Promise.allSettled([refreshed]);
    await refreshed;
  }
}
