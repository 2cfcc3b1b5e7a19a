import { PrejoinError, type Clock } from '#kernel';
import type { PointInTime, SearchIndex } from '#search';

/** As many states are held as this server may hold. */
export class TooManySnapshotsError extends PrejoinError {
  constructor(
    most: number,
    /** When the first of them can have ended, in whole seconds from now. */
    readonly retryAfterSeconds: number,
  ) {
    super('too_many_snapshots', `This server holds ${most} snapshots and exports already.`, {
      remedy: `Try again in ${retryAfterSeconds} s, walk without snapshot, or let walks and exports end before others begin.`,
    });
  }
}

/**
 * The points in time that this process opened and nobody has let go yet. The search server keeps the segments of each,
 * so their number is bounded. A walk may go on at another process, which this one does not hear of: what it opened
 * counts here until its time would have passed without a page.
 */
export class Snapshots {
  /** When each ends at the earliest, by the clock's milliseconds. */
  readonly #ends = new Map<symbol, number>();
  readonly #ofId = new Map<string, symbol>();

  constructor(
    private readonly options: { readonly index: SearchIndex; readonly clock: Clock; readonly most: number },
  ) {}

  /** @throws {TooManySnapshotsError} */
  async open(index: string, keepMs: number): Promise<PointInTime> {
    const place = this.#takePlace(keepMs);
    try {
      const id = await this.options.index.openPointInTime(index, keepMs);
      this.#ofId.set(id, place);
      return { id, keepMs };
    } catch (error) {
      this.#ends.delete(place);
      throw error;
    }
  }

  /** Notes that it was searched, which begins its time anew; the server may have given it another id. */
  used(before: PointInTime, id: string): PointInTime {
    const place = this.#ofId.get(before.id);
    this.#ofId.delete(before.id);
    if (place !== undefined) {
      this.#ofId.set(id, place);
      this.#ends.set(place, this.#now() + before.keepMs);
    }
    return { id, keepMs: before.keepMs };
  }

  async close({ id }: PointInTime): Promise<void> {
    const place = this.#ofId.get(id);
    this.#ofId.delete(id);
    if (place !== undefined) this.#ends.delete(place);
    await this.options.index.closePointInTime(id);
  }

  /** Taken before the server is asked, so that requests at the same time can not all be the last one. */
  #takePlace(keepMs: number): symbol {
    const now = this.#now();
    for (const [id, place] of this.#ofId) {
      if ((this.#ends.get(place) ?? 0) > now) continue;
      this.#ends.delete(place);
      this.#ofId.delete(id);
    }
    if (this.#ends.size >= this.options.most) {
      const first = Math.min(...this.#ends.values());
      throw new TooManySnapshotsError(this.options.most, Math.max(1, Math.ceil((first - now) / 1_000)));
    }
    const place = Symbol('snapshot');
    this.#ends.set(place, now + keepMs);
    return place;
  }

  #now(): number {
    return this.options.clock.now().getTime();
  }
}
