import type { Write } from '#kernel';

/** Whether the answer contains the writes. `timeout` says only that nobody could tell so in time. */
export type Inclusion = 'included' | 'timeout';

export interface AskedInclusion {
  readonly view: string;
  readonly writes: readonly Write[];
  /** The document that is going to be read; null is any of them. */
  readonly rootId: string | null;
  /** When to give up, by `performance.now()`. */
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
}

/** What is known of how far the index is behind. Whoever builds the documents knows it, and the host passes it in. */
export interface Freshness {
  /** How old the oldest change is that the documents of the view lack, in milliseconds; null is unknown. Never rejects. */
  lagMs(view: string): Promise<number | null>;
  /** Waits until the index holds what was written, if not yet visible to search. Never rejects. */
  untilIncluded(asked: AskedInclusion): Promise<Inclusion>;
}

/** Of a host that is told nothing: no lag is known, and no wait would help. */
export const unknownFreshness: Freshness = {
  lagMs: () => Promise.resolve(null),
  untilIncluded: () => Promise.resolve('timeout'),
};

/** What an answer says of itself. */
export interface AnswerFreshness {
  readonly lagMs: number | null;
  /** Only when it was asked for. */
  readonly after?: Inclusion;
}
