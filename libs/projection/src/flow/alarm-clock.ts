import { sleep } from '#kernel';

/** A sleep that a ring cuts short, one that came while its lane was still looking included. */
export class AlarmClock {
  #rings = 0;
  readonly #wakers = new Set<() => void>();

  get rings(): number {
    return this.#rings;
  }

  get asleep(): boolean {
    return this.#wakers.size > 0;
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

/** Wakes the first that sleeps, since others would find nothing more; if none does, all look again before they sleep. */
export function ringOne(alarmClocks: readonly AlarmClock[]): void {
  const sleeping = alarmClocks.find(({ asleep }) => asleep);
  for (const alarmClock of sleeping === undefined ? alarmClocks : [sleeping]) alarmClock.ring();
}
