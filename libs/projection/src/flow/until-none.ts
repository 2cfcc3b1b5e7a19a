import { sleep } from '#kernel';

/** What is left of work that others do. */
export interface Left {
  readonly count: number;
  /** Differs whenever some of it was done; absent is the count itself. */
  readonly moves?: string;
}

/**
 * `none` is left; it stands `still`, so that nobody seems to do it; time is `over` while it moves; or the signal has
 * `stopped` the wait.
 */
export type WaitEnd = 'none' | 'still' | 'over' | 'stopped';

export interface UntilNoneOptions {
  /** How long nothing may move, in milliseconds. */
  readonly stallMs: number;
  /** When to give up, by `performance.now()`; absent is never. */
  readonly deadlineAt?: number;
  readonly signal: AbortSignal;
  /** How long it waits between two looks, in milliseconds: at first, and at most. */
  readonly pollMs?: { readonly first: number; readonly most: number };
}

const POLL_MS = { first: 20, most: 250 };

/**
 * Waits until nothing is left of what others work off. What counts has to be chosen so that it can only become less: what
 * was there at one moment.
 */
export async function untilNone(
  countLeft: () => Promise<Left>,
  { stallMs, deadlineAt = Infinity, signal, pollMs = POLL_MS }: UntilNoneOptions,
): Promise<WaitEnd> {
  let seen = '';
  let movedAt = performance.now();
  for (let poll = pollMs.first; ; poll = Math.min(pollMs.most, poll * 2)) {
    if (signal.aborted) return 'stopped';
    const { count, moves = `${count}` } = await countLeft();
    if (count === 0) return 'none';
    const now = performance.now();
    if (moves !== seen) [seen, movedAt] = [moves, now];
    if (now - movedAt >= stallMs) return 'still';
    if (now >= deadlineAt) return 'over';
    await sleep(poll, signal);
  }
}
