import { sleep } from '#kernel';

/** A sleep that a ring cuts short, one that came while its lane was still looking included. */
export class AlarmClock {
  #rings = 0;
  readonly #wakers = new Set<() => void>();

  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings++;
    for (const wake of this.#wakers) wake();
  }

  /** Sleeps unless it rang since `heard` was read. */
  async sleep(ms: number, heard: number, signal: AbortSignal): Promise<void> {
    if (heard !== this.#rings) return;
    const cut = new AbortController();
    const wake = (): void => cut.abort();
    this.#wakers.add(wake);
    await sleep(ms, AbortSignal.any([signal, cut.signal]));
    this.#wakers.delete(wake);
  }
}
