export interface AdaptiveSizeOptions {
  readonly min: number;
  readonly max: number;
  /** An answer that took longer is slow; one that took less than half of it is quick. In milliseconds. */
  readonly targetMs: number;
  /** Absent is a quarter of `max`. */
  readonly start?: number;
}

/** What became of one batch. */
export interface BatchAnswer {
  /** The size that was current when the batch was taken. */
  readonly limit: number;
  /** How many it had. */
  readonly used: number;
  readonly tookMs: number;
  /** The server refused some of it for now, or did not answer. */
  readonly pushedBack: boolean;
}

/** After the first setback, a full batch that was answered quickly lets the size grow by this part of the largest. */
const GROWTH = 1 / 20;

/**
 * A batch size that follows what the servers take: halved by a slow answer or a refusal, grown by a little with each
 * full batch that was answered quickly. Until the first setback it is doubled instead, since nothing is known yet and a
 * backlog at the start would be worked off in batches that are far too small. A batch that was not full says nothing
 * about larger ones.
 *
 * Method: additive increase, multiplicative decrease; D. Chiu and R. Jain, "Analysis of the Increase and Decrease
 * Algorithms for Congestion Avoidance in Computer Networks", 1989.
 */
export class AdaptiveSize {
  readonly #min: number;
  #size: number;
  #setBack = false;

  constructor(private readonly options: AdaptiveSizeOptions) {
    this.#min = Math.min(options.min, options.max);
    this.#size = this.#bounded(options.start ?? Math.ceil(options.max / 4));
  }

  get current(): number {
    return this.#size;
  }

  note({ limit, used, tookMs, pushedBack }: BatchAnswer): void {
    const { max, targetMs } = this.options;
    if (pushedBack || tookMs > targetMs) {
      this.#setBack = true;
      // Batches in flight side by side complain of the same size; one halving answers all of them.
      if (limit <= this.#size) this.#size = this.#bounded(Math.floor(this.#size / 2));
    } else if (used >= this.#size && tookMs < targetMs / 2) {
      this.#size = this.#bounded(this.#size + (this.#setBack ? Math.ceil(max * GROWTH) : this.#size));
    }
  }

  #bounded(size: number): number {
    return Math.min(this.options.max, Math.max(this.#min, size));
  }
}
