import { once } from 'node:events';
import type { Pool } from 'pg';
import { sleep, type Write } from '#kernel';
import { untilNone } from '../flow/until-none.js';
import { sqlState } from '../schema/transaction.js';
import { followedWrites } from './own-keys.js';
import { PathsOfViews } from './served.js';
import { appliedAt, builtAt, haveEnded, lookedUpAt } from './steps.js';

/** Whether the documents contain the writes. `timeout` says only that nobody could tell so in time. */
export type Inclusion = 'included' | 'timeout';

export interface AskedInclusion {
  readonly view: string;
  readonly writes: readonly Write[];
  /** The document that is going to be read; null is any of them. */
  readonly rootId: string | null;
  /** When to give up, by `performance.now()`. */
  readonly deadlineAt: number;
  /** Gives up before. */
  readonly signal: AbortSignal;
}

export interface InclusionOptions {
  /** Read only, with a short timeout for statements. It bounds how many are asked at once. */
  readonly pool: Pool;
  /** Told what went wrong with a look; the next one may go well. */
  readonly onFault?: (error: unknown) => void;
}

const POLL_MS = { first: 10, most: 100 };
/** With more who wait, each of them looks more seldom. */
const WAITING_AT_FULL_PACE = 50;
/** After a look that took long, so many times as long passes before the next one. */
const REST_PER_LOOK = 3;
const LONGEST_REST_MS = 1_000;
const QUERY_CANCELED = '57014';

/**
 * Waits until documents contain what was written: the copy holds that version or a later one, no key that had changed by
 * then is left to be looked up, and no mark that was there after that is left. Rows are gone only when their work has
 * committed, and a mark's work has the answer of the index. So nothing has to be remembered, by the projector either.
 */
export class InclusionWatch {
  readonly #paths: PathsOfViews;
  #waiting = 0;

  constructor(private readonly options: InclusionOptions) {
    this.#paths = new PathsOfViews(options.pool);
  }

  /** Never rejects: with the database away it is a timeout. */
  async untilIncluded(asked: AskedInclusion): Promise<Inclusion> {
    const leftMs = Math.max(0, asked.deadlineAt - performance.now());
    const end = AbortSignal.any([asked.signal, AbortSignal.timeout(Math.ceil(leftMs))]);
    if (end.aborted) return 'timeout';
    const done = new AbortController();
    const over = (): Inclusion => 'timeout';
    // A look that hangs must not hold up the answer; it ends by the timeouts of the pool.
    const ended = once(end, 'abort', { signal: done.signal }).then(over, over);
    const first = await Promise.race([this.#wait(asked, end), ended]);
    done.abort();
    return first;
  }

  async #wait(asked: AskedInclusion, end: AbortSignal): Promise<Inclusion> {
    this.#waiting += 1;
    try {
      return (await this.#isIncluded(asked, end)) ? 'included' : 'timeout';
    } finally {
      this.#waiting -= 1;
    }
  }

  async #isIncluded({ view, writes, rootId }: AskedInclusion, end: AbortSignal): Promise<boolean> {
    const { pool } = this.options;
    const paths = await this.#until(() => this.#paths.read(view), end);
    if (paths === null) return false;
    const followed = followedWrites(writes, paths);
    if (followed.length === 0) return true;
    const used = writes.filter(({ source }) => paths.has(source));
    const applied = await this.#until(() => appliedAt(pool, used), end);
    if (applied === null) return false;
    const asked = { view, followed, rootId };
    const lookedUp = await this.#until(() => lookedUpAt(pool, asked, applied), end);
    if (lookedUp === null) return false;
    const built = await this.#until(() => builtAt(pool, asked, lookedUp), end);
    if (built === null) return false;
    if (built.writers.length === 0) return true;
    const ended = await this.#until(() => haveEnded(pool, built.writers), end);
    // One that was rolled back has left its marks.
    return ended !== null && (await this.#until(() => builtAt(pool, asked, built.at), end)) !== null;
  }

  /** The first answer of `look` that is not null; null when the end came first. */
  async #until<T>(look: () => Promise<T | null>, end: AbortSignal): Promise<T | null> {
    let found: T | null = null;
    const rarer = Math.max(1, this.#waiting / WAITING_AT_FULL_PACE);
    const pollMs = { first: POLL_MS.first * rarer, most: POLL_MS.most * rarer };
    await untilNone(
      async () => {
        found = await this.#look(look, end);
        return { count: found === null ? 1 : 0 };
      },
      { stallMs: Infinity, signal: end, pollMs },
    );
    return found;
  }

  async #look<T>(look: () => Promise<T | null>, end: AbortSignal): Promise<T | null> {
    const begunAt = performance.now();
    let found: T | null = null;
    try {
      found = await look();
    } catch (error) {
      // One that takes too long for its timeout has not found out yet.
      if (sqlState(error) !== QUERY_CANCELED) this.options.onFault?.(error);
    }
    const tookMs = performance.now() - begunAt;
    if (found === null && tookMs > POLL_MS.most)
      await sleep(Math.min(LONGEST_REST_MS, REST_PER_LOOK * tookMs), end);
    return found;
  }
}
