import type { Mark } from './claim.js';

export interface HotRootOptions {
  /** How long a hot root rests after a build at most, unless its build takes long, in milliseconds; 0 is not at all. */
  readonly restMs: number;
  /** A root is hot after so many builds of which each began within two rests of the one before. */
  readonly builds?: number;
  /** The most roots that are remembered. */
  readonly capacity?: number;
}

interface Recent {
  readonly lastMs: number;
  readonly streak: number;
  readonly restMs: number;
}

/** A root that takes long to build rests so many times as long, or it would be built without a pause. */
const LEAST_RESTS_PER_BUILD = 4;
/**
 * No root rests longer than so many of its builds: it takes a hundredth of a lane then, and a longer rest would delay what
 * costs next to nothing. Roots that are built by the thousand at once, as behind a full queue, hardly rest at all: their
 * changes come together in one claim.
 */
const MOST_RESTS_PER_BUILD = 100;

/** A root with one mark for all that were claimed, and how long it still rests. */
export interface Resting {
  readonly mark: Mark;
  readonly restMs: number;
}

/**
 * Remembers which roots are built again and again, such as a product in every order, so that they are built about once a
 * second instead of at every change, more seldom if one build takes long, and more often if it takes no time. In memory and by process: it saves work, and nothing is lost with it, since the
 * marks of a root that rests stay in the database.
 */
export class HotRoots {
  /** In the order of their last builds, so that the first is the one to forget. */
  readonly #recent = new Map<string, Recent>();
  readonly #restMs: number;
  readonly #builds: number;
  readonly #capacity: number;

  constructor({ restMs, builds = 4, capacity = 10_000 }: HotRootOptions) {
    this.#restMs = restMs;
    this.#builds = builds;
    this.#capacity = capacity;
  }

  /** Remembers that these roots were built at `nowMs`, which took `tookMs` for each of them. */
  built(view: string, rootIds: Iterable<string>, nowMs: number, tookMs: number): void {
    if (this.#restMs === 0) return;
    const restMs = Math.max(
      Math.min(this.#restMs, MOST_RESTS_PER_BUILD * tookMs),
      LEAST_RESTS_PER_BUILD * tookMs,
    );
    for (const rootId of rootIds) {
      const key = keyOf(view, rootId);
      const recent = this.#recent.get(key);
      const again = recent !== undefined && nowMs - tookMs - recent.lastMs < 2 * recent.restMs;
      this.#recent.delete(key);
      this.#recent.set(key, { lastMs: nowMs, streak: again ? recent.streak + 1 : 1, restMs });
    }
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= this.#capacity) break;
      this.#recent.delete(oldest);
    }
  }

  /** Parts claimed marks into those to build now and the roots that rest. */
  part(
    marks: readonly Mark[],
    nowMs: number,
  ): { readonly ready: readonly Mark[]; readonly resting: readonly Resting[] } {
    const ready: Mark[] = [];
    const resting = new Map<string, Resting>();
    for (const mark of marks) {
      const restMs = this.#restLeft(mark, nowMs);
      if (restMs <= 0) ready.push(mark);
      else {
        // Kept apart by what they are for: one generation's mark does not stand for the whole view's.
        const key = `${keyOf(mark.view, mark.root_id)}\0${mark.index_name ?? ''}`;
        // All of them were committed before the claim, so whoever claims the one later reads what all stand for.
        const other = resting.get(key)?.mark;
        resting.set(key, { mark: other === undefined ? mark : together(mark, other), restMs });
      }
    }
    return { ready, resting: [...resting.values()] };
  }

  #restLeft({ view, root_id }: Mark, nowMs: number): number {
    const recent = this.#recent.get(keyOf(view, root_id));
    return recent === undefined || recent.streak < this.#builds ? 0 : recent.lastMs + recent.restMs - nowMs;
  }
}

function keyOf(view: string, rootId: string): string {
  return `${view}\0${rootId}`;
}

/** The more urgent priority, and the earlier times: the lag is measured from them, and a drain waits by them. */
function together(a: Mark, b: Mark): Mark {
  return {
    ...a,
    priority: Math.min(a.priority, b.priority),
    attempts: Math.max(a.attempts, b.attempts),
    occurred_at:
      a.occurred_at === null || b.occurred_at === null
        ? (a.occurred_at ?? b.occurred_at)
        : a.occurred_at < b.occurred_at
          ? a.occurred_at
          : b.occurred_at,
    created_at: a.created_at < b.created_at ? a.created_at : b.created_at,
  };
}
