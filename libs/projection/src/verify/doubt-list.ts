import type { Doubts } from './compare-range.js';

/**
 * Ids that have to be looked at again, some hundreds at a time. Whoever finds more while a batch is being looked at waits
 * for it, so that an index which holds nothing right takes no more memory than one that does.
 */
export class DoubtList implements Doubts {
  #ids = new Set<string>();
  #looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly atOnce: number,
    private readonly look: (ids: readonly string[]) => Promise<void>,
  ) {}

  add(id: string): void {
    this.#ids.add(id);
  }

  async room(): Promise<void> {
    if (this.#ids.size >= this.atOnce) await this.#lookAtAll();
  }

  /** Looks at what is left. */
  async finish(): Promise<void> {
    await this.#lookAtAll();
  }

  #lookAtAll(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      while (this.#ids.size > 0) {
        const ids = [...this.#ids].slice(0, this.atOnce);
        for (const id of ids) this.#ids.delete(id);
        await this.look(ids);
      }
    });
    return this.#looking;
  }
}
