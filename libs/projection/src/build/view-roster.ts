import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import type { SearchIndex } from '#search';
import type { Computes } from '#views';
import { isBuildable, missingComputes, readGenerations, type Generation } from '../generations/generation.js';
import { resumeGenerations } from '../generations/stop.js';
import { PauseLog } from '../pause/pause-log.js';
import { readPauses } from '../pause/pauses.js';
import type { Claimable } from './claim.js';

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
 * What this process may claim, read again every second: marks of views that are not paused and of which it can build a
 * generation, but for those that are for a generation which it can not build. It is only what claiming begins with: the list that counts is
 * the one in the snapshot that the documents are read from.
 */
export class ViewRoster {
  #claimable: Claimable = { views: [], except: [] };
  readonly #told = new Set<string>();
  #readAt = -Infinity;
  #probedAt = -Infinity;
  #reading: Promise<void> | null = null;
  readonly #pauseLog: PauseLog;

  constructor(private readonly options: ViewRosterOptions) {
    this.#pauseLog = new PauseLog(options.logger);
  }

  async claimable(): Promise<Claimable> {
    if (performance.now() - this.#readAt >= FRESH_MS) await this.#readTogether();
    return this.#claimable;
  }

  /** Makes the next look read the list again, and not join one that has begun. */
  expire(): void {
    this.#readAt = -Infinity;
    this.#reading = null;
  }

  /** Lanes that ask at the same time share one look. */
  async #readTogether(): Promise<void> {
    const reading = (this.#reading ??= this.#read());
    try {
      await reading;
    } finally {
      if (this.#reading === reading) this.#reading = null;
    }
  }

  async #read(): Promise<void> {
    const { pool, index, computes, logger, only } = this.options;
    const paused = await this.#pausedViews();
    let generations = await readGenerations(pool);
    const stopped = generations.filter((generation) => generation.stopped !== null);
    if (stopped.length > 0 && performance.now() - this.#probedAt >= PROBE_MS) {
      this.#probedAt = performance.now();
      const resumed = await resumeGenerations(pool, index, stopped, logger);
      if (resumed.length > 0) generations = await readGenerations(pool);
    }
    const buildable = generations.filter((generation) => isBuildable(generation, computes));
    const views = new Set(buildable.map(({ view }) => view));
    const others = generations.filter((generation) => !buildable.includes(generation));
    this.#claimable = {
      views: [...views].filter((view) => !paused.has(view) && (only?.includes(view) ?? true)),
      except: others.map(({ indexName }) => indexName),
    };
    this.#tellForeign(others);
    this.#readAt = performance.now();
  }

  async #pausedViews(): Promise<ReadonlySet<string>> {
    const pauses = (await readPauses(this.options.pool)).filter(({ what }) => what.kind === 'view');
    this.#pauseLog.note(pauses);
    return new Set(pauses.flatMap(({ what }) => (what.kind === 'view' ? [what.view] : [])));
  }

  /** Once for each generation: a deploy has both releases for a while, and nothing is wrong until one of them is gone. */
  #tellForeign(others: readonly Generation[]): void {
    const { computes, logger } = this.options;
    for (const { view, indexName, state, plan } of others) {
      const missing = missingComputes(plan, computes);
      if (missing.length === 0 || this.#told.has(indexName)) continue;
      this.#told.add(indexName);
      logger.warn(
        { view, index: indexName, state, missing },
        `Index ${indexName} computes with functions that this process lacks. Its marks are left to a process of the ` +
          'release that declares it so, and wait while there is none.',
      );
    }
  }
}
