import type { KeyRange } from '#search';
import { missingComputes, type Generation } from '../generations/generation.js';
import { currentRevision } from '../revision/snapshot.js';
import { compareRange, type PageSizes } from './compare-range.js';
import type { VerifyContext } from './context.js';
import { differenceKinds, type Difference, type DifferenceKind, type Refused } from './difference.js';
import { VerifyNotRunnableError } from './errors.js';
import { pageSize } from './expected.js';
import { countRoots, cutPlaces, rangesBetween } from '../copies/root-ranges.js';
import { sampleRanges, type Sample } from './sample.js';
import { settle, type Settled } from './settle.js';
import { DoubtList } from './doubt-list.js';

export interface VerifyOptions extends VerifyContext {
  readonly signal?: AbortSignal;
  /** Looks at some roots only. */
  readonly sample?: Sample;
  /** How long documents that wait to be built may take, in milliseconds. */
  readonly settleMs?: number;
  /** How long nothing of what waits may move before it is told that nobody builds, in milliseconds. */
  readonly stallMs?: number;
  /** The most differences, refusals and unsettled ids that are kept; all are counted. */
  readonly keep?: number;
  /** Key ranges that are compared at once. */
  readonly workers?: number;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

export interface VerifyProgress {
  /** `compare` counts roots; `look` counts documents that are looked at again. */
  readonly phase: 'compare' | 'look';
  readonly done: number;
  readonly total: number;
}

/** `unsettled`: nothing is known to be wrong, and of some documents it could not be told in time. */
export type Verdict = 'equal' | 'different' | 'unsettled';

export interface Verified {
  readonly verdict: Verdict;
  /** Roots that were read from the copies, and documents that were read from the index. */
  readonly roots: number;
  readonly documents: number;
  /** Documents that did not agree at first sight, most of them because of writers, and were looked at again. */
  readonly lookedAt: number;
  readonly counts: Readonly<Record<DifferenceKind, number>>;
  /** The first ones that were found; `counts` has all. */
  readonly differences: readonly Difference[];
  readonly refused: Counted<Refused>;
  readonly unsettled: Counted<string>;
  /** Documents that were written anew from look to look; they count as equal. */
  readonly moving: number;
}

export interface Counted<T> {
  readonly count: number;
  readonly first: readonly T[];
}

const SETTLE_MS = 30_000;
const STALL_MS = 15_000;
/** The same, once it was seen that nobody builds. */
const STILL_MS = 500;
const KEEP = 10_000;
/** Doubts that are looked at together. */
const AT_ONCE = 1_000;
/** Revisions are little to hold, and each page costs the index a look at the whole range. */
const MOST_REVISIONS = 5_000;
/** Roots of a range, at least; more ranges than this many only cost a seek each. */
const RANGE = { roots: 5_000, most: 64 };

/**
 * Compares every document of a generation's index with what the copies make, both ways, and tells those apart that are
 * wrong from those that are late. It writes nothing, and goes on beside writers.
 * @throws {VerifyNotRunnableError} when the plan needs a function that this process lacks; what the servers throw
 */
export async function verifyDocuments(options: VerifyOptions, generation: Generation): Promise<Verified> {
  const { pool, index, deadlineMs, settleMs = SETTLE_MS, stallMs = STALL_MS, keep = KEEP } = options;
  const missing = missingComputes(generation.plan, options.computes);
  if (missing.length > 0) throw new VerifyNotRunnableError(generation.view, missing);
  // On a standby, or in a database without an epoch, no revision can be told from one of the future.
  await currentRevision(pool, deadlineMs);
  // A worker that fails must not leave the others running behind the caller's back.
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  signal.throwIfAborted();
  // Shorter than the whole wait, so that it is told whether anybody builds.
  let patienceMs = Math.min(stallMs, settleMs / 2);
  const tally = new Tally(keep, options.onProgress);
  const doubts = new DoubtList(AT_ONCE, async (ids) => {
    tally.looking(ids.length);
    const settled = await settle(options, generation, ids, { settleMs, stallMs: patienceMs, signal });
    // Thousands that wait for nobody come a batch at a time, and need not wait as long each time.
    if (settled.stoodStill) patienceMs = Math.min(patienceMs, STILL_MS);
    tally.add(settled, ids.length);
  });
  const [{ ranges, roots }] = await Promise.all([
    rangesOf(options, generation),
    index.refresh(generation.indexName),
  ]);
  tally.expect(roots);
  for (const { id } of await index.strays(generation.indexName, keep)) doubts.add(id);
  const sizes: PageSizes = { copies: pageSize(), index: pageSize(options.written && MOST_REVISIONS) };
  const progress = {
    roots: (count: number) => tally.roots(count),
    stored: (count: number) => tally.stored(count),
  };
  const queue = ranges.values();
  const work = async (): Promise<void> => {
    for (const range of queue) {
      signal.throwIfAborted();
      await compareRange(options, generation, range, sizes, doubts, progress, signal);
    }
  };
  await allOrAbort(Array.from({ length: options.workers ?? 2 }, work), failed);
  tally.compared();
  await doubts.finish();
  return tally.result();
}

/** As Promise.all, but resolves or rejects only when all have ended: the first fault ends the others. */
async function allOrAbort(working: readonly Promise<void>[], abort: AbortController): Promise<void> {
  const watched = working.map((one) =>
    one.catch((error: unknown) => {
      if (!abort.signal.aborted) abort.abort(error);
      throw error;
    }),
  );
  const ended = await Promise.allSettled(watched);
  if (ended.some(({ status }) => status === 'rejected')) throw abort.signal.reason;
}

async function rangesOf(
  options: VerifyOptions,
  generation: Generation,
): Promise<{ readonly ranges: readonly KeyRange[]; readonly roots: number }> {
  if (options.sample !== undefined) return sampleRanges(options, generation, options.sample);
  const { count, ids } = await countRoots(options.pool, generation.plan.root, (all) =>
    cutPlaces(all, RANGE.roots, RANGE.most),
  );
  return { ranges: rangesBetween(ids), roots: count };
}

/** Counts what is found, and keeps the first of it. */
class Tally {
  readonly #counts: Record<DifferenceKind, number> = Object.assign(
    {},
    ...differenceKinds.map((kind) => ({ [kind]: 0 })),
  ) as Record<DifferenceKind, number>;
  readonly #differences: Difference[] = [];
  readonly #refused = { count: 0, first: [] as Refused[] };
  readonly #unsettled = { count: 0, first: [] as string[] };
  #moving = 0;
  #roots = 0;
  #expected = 0;
  #documents = 0;
  #toLookAt = 0;
  #compared = false;
  #lookedAt = 0;

  constructor(
    private readonly keep: number,
    private readonly onProgress: ((progress: VerifyProgress) => void) | undefined,
  ) {}

  expect(roots: number): void {
    this.#expected = roots;
    this.roots(0);
  }

  roots(count: number): void {
    this.#roots += count;
    // Rows that came meanwhile are compared as well.
    const total = Math.max(this.#expected, this.#roots);
    this.onProgress?.({ phase: 'compare', done: this.#roots, total });
  }

  stored(count: number): void {
    this.#documents += count;
  }

  compared(): void {
    this.#compared = true;
  }

  looking(count: number): void {
    this.#toLookAt += count;
  }

  add({ differences, refused, unsettled, moving }: Settled, lookedAt: number): void {
    for (const { kind } of differences) this.#counts[kind] += 1;
    this.#differences.push(...differences.slice(0, this.keep - this.#differences.length));
    addTo(this.#refused, refused, this.keep);
    addTo(this.#unsettled, unsettled, this.keep);
    this.#moving += moving.length;
    this.#lookedAt += lookedAt;
    // Those that were looked at in between are part of the comparing, for whoever watches.
    if (this.#compared) this.onProgress?.({ phase: 'look', done: this.#lookedAt, total: this.#toLookAt });
  }

  result(): Verified {
    const wrong = Object.values(this.#counts).some((count) => count > 0);
    return {
      verdict: wrong ? 'different' : this.#unsettled.count > 0 ? 'unsettled' : 'equal',
      roots: this.#roots,
      documents: this.#documents,
      lookedAt: this.#lookedAt,
      counts: this.#counts,
      differences: this.#differences,
      refused: this.#refused,
      unsettled: this.#unsettled,
      moving: this.#moving,
    };
  }
}

function addTo<T>(counted: { count: number; first: T[] }, found: readonly T[], keep: number): void {
  counted.count += found.length;
  counted.first.push(...found.slice(0, keep - counted.first.length));
}
