import { SearchCancelledError, SearchTimeoutError } from '../errors.js';

/** Why a wait ended before there was an answer. */
export type Ending = SearchTimeoutError | SearchCancelledError;

/**
 * Calls `end` once when the deadline passes or the caller leaves, whichever is first; at once for one that left before.
 *
 * A class, and not an object with a getter made by a function: the engine makes a shape of its own for each such object,
 * outside of the young generation and holding all that the function saw, so that a tenth of what a request left behind stayed
 * until the next full collection, and pauses took 5 to 15 ms.
 */
export class Endings {
  #reason: Ending | null = null;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param deadlineMs `Infinity` is none */
  constructor(
    private readonly signal: AbortSignal | undefined,
    readonly deadlineMs: number,
    private readonly end: (reason: Ending) => void,
  ) {
    if (signal?.aborted) this.handleEvent();
    else {
      if (deadlineMs !== Infinity) this.#timer = setTimeout(passed, deadlineMs, this);
      signal?.addEventListener('abort', this, { once: true });
    }
  }

  /** null while nothing ended it. */
  get reason(): Ending | null {
    return this.#reason;
  }

  /** Call it when the wait is over, or its timer keeps the process. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.signal?.removeEventListener('abort', this);
  }

  /** Of the signal: the caller left. */
  handleEvent(): void {
    this.endWith(leftBy(this.signal, this.deadlineMs));
  }

  endWith(reason: Ending): void {
    this.#reason = reason;
    this.dispose();
    this.end(reason);
  }
}

function passed(ends: Endings): void {
  ends.endWith(new SearchTimeoutError(ends.deadlineMs));
}

/** A signal of `AbortSignal.timeout` is a deadline too. */
function leftBy(signal: AbortSignal | undefined, deadlineMs: number): Ending {
  const why: unknown = signal?.reason;
  return why instanceof DOMException && why.name === 'TimeoutError'
    ? new SearchTimeoutError(deadlineMs)
    : new SearchCancelledError();
}
