import { sleep } from '#kernel';

const LOOK_MS = 5;

/** How many lanes have a claim that is being built: while one has, it needs no query to know that marks are left. */
export class Busy {
  #claims = 0;

  /** Counts a claim until `work` has ended, unless it has no marks. */
  async during<T>(hasMarks: boolean, work: () => Promise<T>): Promise<T> {
    if (!hasMarks) return work();
    this.#claims++;
    try {
      return await work();
    } finally {
      this.#claims--;
    }
  }

  /** Resolves when nothing is being built at that moment, or the signal aborts. */
  async untilNone(signal: AbortSignal): Promise<void> {
    while (this.#claims > 0 && !signal.aborted) await sleep(LOOK_MS, signal);
  }
}
