import { sleep } from '#kernel';
import type { SearchOptions } from '#search';
import type { AskedAfter } from './asked-after.js';
import type { AnswerFreshness, Freshness, Inclusion } from './freshness.js';
import type { Refreshes } from './refreshes.js';

/** How an answer is read: one document by its id, several by theirs, or what a search finds. */
export type ReadBy = { readonly id: string } | 'ids' | 'search';

/** What is read: the index as it is now, or a state that was held before. */
export type ReadState = 'now' | 'held';

/** Called by a read when it is understood, and before the index is asked; answers how to ask it. Never rejects. */
export type BeforeRead = (state?: ReadState) => Promise<Pick<SearchOptions, 'fresh'>>;

export interface OwnWritesOptions {
  readonly view: string;
  /** What the search server knows it by. */
  readonly alias: string;
  readonly asked: AskedAfter | null;
  readonly by: ReadBy;
  readonly signal: AbortSignal;
}

/** One read that may wait for writes. */
export interface FreshRead {
  readonly before: BeforeRead;
  /** What the answer says of itself; to be asked when it was read. */
  readonly told: () => Promise<AnswerFreshness>;
}

/**
 * Lets reads wait for writes. A document is read by its id as it was written last; a search sees it after a refresh, which
 * is begun for it.
 */
export class OwnWrites {
  constructor(
    private readonly freshness: Freshness,
    private readonly refreshes: Refreshes,
  ) {}

  read(options: OwnWritesOptions): FreshRead {
    let after: Inclusion | undefined = options.asked === null ? undefined : 'timeout';
    // What is known may be too old to be told, as after a quiet time: it is read while the index is.
    const known = options.asked === null ? this.freshness.lagMs(options.view) : null;
    return {
      before: async (state = 'now') => {
        // What was held before the write does not come to contain it.
        if (options.asked === null || state === 'held') return {};
        after = await this.#wait(options, options.asked);
        return { fresh: true };
      },
      told: async () => {
        const lagMs = await (known ?? this.freshness.lagMs(options.view));
        return {
          lagMs: lagMs === null ? null : Math.round(lagMs),
          ...(after === undefined ? {} : { after }),
        };
      },
    };
  }

  async #wait(
    { view, alias, by, signal }: OwnWritesOptions,
    { writes, waitMs }: AskedAfter,
  ): Promise<Inclusion> {
    const deadlineAt = performance.now() + waitMs;
    const rootId = typeof by === 'string' ? null : by.id;
    const inclusion = await this.freshness.untilIncluded({ view, writes, rootId, deadlineAt, signal });
    return inclusion === 'included' && by === 'search' ? this.#visible(alias, deadlineAt, signal) : inclusion;
  }

  /** A refresh that fails or is late is no fault of the answer, which says what it knows. */
  async #visible(alias: string, deadlineAt: number, signal: AbortSignal): Promise<Inclusion> {
    const over = new AbortController();
    const refreshed = this.refreshes.refresh(alias).then(
      (): Inclusion => 'included',
      (): Inclusion => 'timeout',
    );
    const late = sleep(
      Math.max(0, deadlineAt - performance.now()),
      AbortSignal.any([signal, over.signal]),
    ).then((): Inclusion => 'timeout');
    const first = await Promise.race([refreshed, late]);
    over.abort();
    return first;
  }
}
