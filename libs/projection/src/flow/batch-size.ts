import { AdaptiveSize, type BatchAnswer } from './adaptive-size.js';

export interface BatchSizeOptions {
  /** The most and the fewest entries. */
  readonly max: number;
  readonly min: number;
  /** What the entries of a batch may have together, in bytes; one entry may exceed it. */
  readonly maxBytes: number;
  /** Absent is a quarter of `max`. */
  readonly start?: number;
  /** How long a batch may take before the next ones are made smaller, in milliseconds. */
  readonly targetMs: number;
}

/** How much a newly seen average counts. */
const NEWEST = 0.2;

/** How many entries a batch takes: what the servers take quickly, and no more bytes than a process should hold at once. */
export class BatchSize {
  readonly #count: AdaptiveSize;
  /** The average bytes of an entry by kind. A batch may be all of the kind with the largest. */
  readonly #bytes = new Map<string, number>();

  constructor(private readonly options: BatchSizeOptions) {
    this.#count = new AdaptiveSize(options);
  }

  get current(): number {
    const largest = Math.max(1, ...this.#bytes.values());
    return Math.max(1, Math.min(this.#count.current, Math.floor(this.options.maxBytes / largest)));
  }

  /** Learns what entries weigh. */
  weigh(kind: string, entries: number, bytes: number): void {
    if (entries === 0) return;
    const average = this.#bytes.get(kind);
    const seen = bytes / entries;
    // At once when it is the first or a heavier one: a batch that is too large is the worse mistake.
    const heavier = average === undefined || seen > average;
    this.#bytes.set(kind, heavier ? seen : average * (1 - NEWEST) + seen * NEWEST);
  }

  note(answer: BatchAnswer): void {
    this.#count.note(answer);
  }
}
