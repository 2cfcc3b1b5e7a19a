/** A claim that was read this long, in milliseconds, keeps others waiting who could be served meanwhile. */
const LONG_MS = 250;
/** Milliseconds a root: ordinary ones take about one, also where only a few are read at once. */
const HEAVY_MS = 10;
const LIGHT_MS = 5;
/** How much a newly seen claim counts. */
const NEWEST = 0.3;

/**
 * Remembers which views take long to read, such as one that rolls up hundreds of thousands of rows for one document. They
 * get a lane of their own: in a claim with others, and in the lanes that are there for all, everybody would wait for
 * them. In memory and by process; what it forgets is learnt again from one claim.
 */
export class HeavyViews {
  /** The average milliseconds a root, of the views that are heavy. */
  readonly #heavy = new Map<string, number>();

  get names(): readonly string[] {
    return [...this.#heavy.keys()];
  }

  /** Learns from one claim how long the rows of `roots` took to read. */
  note(view: string, roots: number, readMs: number): void {
    if (roots === 0) return;
    const seen = readMs / roots;
    const average = this.#heavy.get(view);
    if (average === undefined) {
      if (readMs > LONG_MS && seen > HEAVY_MS) this.#heavy.set(view, seen);
      return;
    }
    const next = average * (1 - NEWEST) + seen * NEWEST;
    if (next < LIGHT_MS) this.#heavy.delete(view);
    else this.#heavy.set(view, next);
  }
}
