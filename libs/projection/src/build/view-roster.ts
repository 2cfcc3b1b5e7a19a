import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import type { SearchIndex } from '#search';
import type { Computes } from '#views';
import { readGenerations, runnableViews } from '../generations/generation.js';
import { resumeGenerations } from '../generations/stop.js';

export interface ViewRosterOptions {
  readonly pool: Pool;
  readonly index: SearchIndex;
  readonly computes: Computes;
  readonly logger: Logger;
  /** Builds these views only; absent is all. */
  readonly only?: readonly string[];
}

const FRESH_MS = 1_000;
const PROBE_MS = 3_000;

/**
 * Which views this process may claim, read again every second. It is only what claiming begins with: the list that
 * counts is the one in the snapshot that the documents are read from.
 */
export class ViewRoster {
  #views: readonly string[] = [];
  #readAt = -Infinity;
  #probedAt = -Infinity;

  constructor(private readonly options: ViewRosterOptions) {}

  async views(): Promise<readonly string[]> {
    if (performance.now() - this.#readAt >= FRESH_MS) await this.#read();
    return this.#views;
  }

  /** Makes the next look read the list again. */
  expire(): void {
    this.#readAt = -Infinity;
  }

  async #read(): Promise<void> {
    const { pool, index, computes, logger, only } = this.options;
    let generations = await readGenerations(pool);
    const stopped = generations.filter((generation) => generation.stopped !== null);
    if (stopped.length > 0 && performance.now() - this.#probedAt >= PROBE_MS) {
      this.#probedAt = performance.now();
      const resumed = await resumeGenerations(pool, index, stopped, logger);
      if (resumed.length > 0) generations = await readGenerations(pool);
    }
    this.#views = runnableViews(generations, computes).filter((view) => only?.includes(view) ?? true);
    this.#readAt = performance.now();
  }
}
