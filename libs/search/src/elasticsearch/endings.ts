import { SearchCancelledError, SearchTimeoutError } from '../errors.js';

/** Why a wait ended before there was an answer. */
export type Ending = SearchTimeoutError | SearchCancelledError;

export interface Endings {
  /** null while nothing ended it. */
  readonly reason: Ending | null;
  /** Call it when the wait is over, or its timer keeps the process. */
  readonly dispose: () => void;
}

/**
 * Calls `end` once when the deadline passes or the caller leaves, whichever is first; at once for one that left before.
 * @param deadlineMs `Infinity` is none
 */
export function endings(
  signal: AbortSignal | undefined,
  deadlineMs: number,
  end: (reason: Ending) => void,
): Endings {
  let reason: Ending | null = null;
  const timer =
    deadlineMs === Infinity
      ? undefined
      : setTimeout(() => endWith(new SearchTimeoutError(deadlineMs)), deadlineMs);
  const leave = (): void => endWith(leftBy(signal, deadlineMs));
  const dispose = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  };
  const endWith = (why: Ending): void => {
    reason = why;
    dispose();
    end(why);
  };
  if (signal?.aborted) leave();
  else signal?.addEventListener('abort', leave, { once: true });
  return {
    get reason() {
      return reason;
    },
    dispose,
  };
}

/** A signal of `AbortSignal.timeout` is a deadline too. */
function leftBy(signal: AbortSignal | undefined, deadlineMs: number): Ending {
  const why: unknown = signal?.reason;
  return why instanceof DOMException && why.name === 'TimeoutError'
    ? new SearchTimeoutError(deadlineMs)
    : new SearchCancelledError();
}
