import { WritesMalformedError } from './errors.js';

/** How many writes are kept, and for how long. */
export interface WriteLimits {
  readonly most: number;
  readonly maxAgeMs: number;
}

/** The most that a read can name. Older writes are most likely in the view by then. */
export const writeLimits: WriteLimits = { most: 20, maxAgeMs: 60_000 };

interface Write {
  /** As a command told it, to be sent on as it is: `order/018f…@7`, with an epoch above the first `order/018f…@2.7`. */
  readonly token: string;
  readonly version: readonly [epoch: number, version: number];
  readonly notedAt: number;
  /** The views that are known to contain it, and how they were read. */
  readonly includedIn: Map<string, ReadBy>;
}

/**
 * How an answer is read. What one by several ids contains, every document of the view has; a search sees it only after
 * the index was refreshed, which searches wait for. One by a single id says nothing of other documents.
 */
export type ReadBy = 'id' | 'ids' | 'search';

/**
 * The writes of this client that reads have to contain. Of one aggregate the latest counts, since a view that contains
 * it contains those before. Kept in memory, bounded in number and age.
 */
export class Writes {
  readonly #byAggregate = new Map<string, Write>();
  readonly #now: () => number;
  readonly #limits: WriteLimits;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number, limits: WriteLimits = writeLimits) {
    this.#now = now;
    this.#limits = limits;
  }

  /**
   * Notes writes as `Prejoin-Wrote` has them, comma-separated.
   * @throws {WritesMalformedError} when one is no write; none is noted then
   */
  note(text: string): void {
    const noted = text.split(',').map((part) => readWrite(part.trim(), this.#now()));
    for (const { aggregate, write } of noted) {
      const known = this.#byAggregate.get(aggregate);
      if (known !== undefined && !isAfter(write.version, known.version)) continue;
      // Deleted first, so that the order of the map is that of the writes.
      this.#byAggregate.delete(aggregate);
      this.#byAggregate.set(aggregate, write);
    }
    this.#forget();
  }

  /** The tokens of those that such a read of `view` is not known to contain, the earliest first. */
  pendingFor(view: string, by: ReadBy): readonly string[] {
    this.#forget();
    return [...this.#byAggregate.values()]
      .filter(({ includedIn }) => !covers(includedIn.get(view), by))
      .map(({ token }) => token);
  }

  /** An answer of `view` contained these. */
  included(view: string, by: ReadBy, tokens: readonly string[]): void {
    if (by === 'id') return;
    for (const { token, includedIn } of this.#byAggregate.values())
      if (tokens.includes(token) && includedIn.get(view) !== 'search') includedIn.set(view, by);
  }

  #forget(): void {
    const oldest = this.#now() - this.#limits.maxAgeMs;
    for (const [aggregate, { notedAt }] of this.#byAggregate)
      if (notedAt < oldest || this.#byAggregate.size > this.#limits.most) this.#byAggregate.delete(aggregate);
  }
}

function readWrite(token: string, notedAt: number): { readonly aggregate: string; readonly write: Write } {
  const [, aggregate, epoch = '0', version] = /^([^/@,\s]+\/[^/@,\s]+)@(?:(\d+)\.)?(\d+)$/.exec(token) ?? [];
  if (aggregate === undefined) throw new WritesMalformedError(token);
  return {
    aggregate,
    write: { token, version: [Number(epoch), Number(version)], notedAt, includedIn: new Map() },
  };
}

function covers(known: ReadBy | undefined, by: ReadBy): boolean {
  return known === 'search' || (known === 'ids' && by !== 'search');
}

function isAfter([epoch, version]: Write['version'], [otherEpoch, otherVersion]: Write['version']): boolean {
  return epoch === otherEpoch ? version > otherVersion : epoch > otherEpoch;
}
