import { messageOf, sleep, type Logger } from '#kernel';
import type { Plan } from '#views';
import { aliasName } from '../generations/names.js';
import { readGenerations, type Generation } from '../generations/generation.js';
import { oldestChanges } from '../marks/waiting.js';
import type { RebuildOptions } from './options.js';
import { baseLineOf, Pace, type PaceSample } from './pace.js';

/** What workers pass before and after each chunk, so that the scan leaves room for readers and writers. */
export interface PaceGate {
  /** Waits until `count` more documents are within the throttle. */
  before(count: number, signal: AbortSignal): Promise<void>;
  /** Rests as the pace wants it, after a chunk that took `tookMs`. */
  after(tookMs: number, signal: AbortSignal): Promise<void>;
  /** Why the scan yields; null while it does not. */
  readonly yielding: string | null;
  /** Whether somebody else read the live index when it was looked at last. */
  readonly hasReaders: boolean;
  /** Ends the measuring. */
  close(): Promise<void>;
}

/** A smaller scan is over before anything could be measured. */
const WORTH_MEASURING = 2_000;
const BASE = { samples: 5, everyMs: 5 };
const SAMPLE_MS = 1_000;
const EARLY_MS = 150;
const PROBE = { hits: 20, deadlineMs: 5_000 };
const LONGEST_REST_MS = 5_000;
const LOOK_MS = 100;

/** Measures how it is before the scan, and watches from then on. */
export async function openPaceGate(options: RebuildOptions, total: number): Promise<PaceGate> {
  const { throttle = null, yields = true } = options;
  const watch = yields && total >= WORTH_MEASURING ? await startWatch(options) : null;
  let freeAt = 0;
  return {
    get yielding() {
      return watch?.pace.reason ?? null;
    },
    get hasReaders() {
      return watch?.readers.any ?? false;
    },
    before: async (count, signal) => {
      if (throttle === null) return;
      const now = performance.now();
      const turn = Math.max(now, freeAt);
      freeAt = turn + (count / throttle) * 1_000;
      if (turn > now) await sleep(turn - now, signal);
    },
    after: (tookMs, signal) => rest(watch?.pace ?? null, tookMs, signal),
    close: async () => watch?.close(),
  };
}

/** Looks at the pace again and again, since it may rise meanwhile. */
async function rest(pace: Pace | null, tookMs: number, signal: AbortSignal): Promise<void> {
  if (pace === null) return;
  const startedAt = performance.now();
  const left = (): number =>
    Math.min(LONGEST_REST_MS, tookMs * (1 / pace.share - 1)) - (performance.now() - startedAt);
  for (let ms = left(); ms > 0 && !signal.aborted; ms = left()) await sleep(Math.min(ms, LOOK_MS), signal);
}

interface Watch {
  readonly pace: Pace;
  readonly readers: Readers;
  close(): Promise<void>;
}

async function startWatch(options: RebuildOptions): Promise<Watch> {
  const before: PaceSample[] = [];
  const readers = new Readers();
  for (let at = 0; at < BASE.samples; at++) {
    if (at > 0) await sleep(BASE.everyMs);
    before.push(await takeSample(options, readers));
  }
  const pace = new Pace(baseLineOf(before));
  const { plan, index, indexPrefix, logger, sampleMs = SAMPLE_MS } = options;
  const stop = new AbortController();
  const watching = (async () => {
    // Between the samples before, few read; a second is half of a small scan.
    await sleep(Math.min(EARLY_MS, sampleMs / 2), stop.signal);
    await measured(plan, logger, async () =>
      readers.note(await index.readsOf(aliasName(indexPrefix, plan.view)), 0),
    );
    for (await sleep(sampleMs, stop.signal); !stop.signal.aborted; await sleep(sampleMs, stop.signal))
      await measured(plan, logger, async () => pace.note(await takeSample(options, readers)));
  })();
  return {
    pace,
    readers,
    close: () => {
      stop.abort();
      return watching;
    },
  };
}

/** A server that does not answer stops the scan by itself; the watch goes on as long as that does. */
async function measured({ view }: Plan, logger: Logger, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    logger.warn({ view, reason: messageOf(error) }, 'How the rebuild does to others could not be measured');
  }
}

/** Looks in a row without a reader after which there is none: those before the scan are a few milliseconds apart. */
const QUIET_LOOKS = 5;

/** Whether others read the live index: it counts what it answers. */
class Readers {
  #before: number | null = null;
  #quiet = QUIET_LOOKS;

  get any(): boolean {
    return this.#quiet < QUIET_LOOKS;
  }

  /** `own`: the searches among them that were made here. */
  note(reads: number, own: number): void {
    if (this.#before !== null) this.#quiet = reads - this.#before > own ? 0 : this.#quiet + 1;
    this.#before = reads;
  }
}

async function takeSample(options: RebuildOptions, readers: Readers): Promise<PaceSample> {
  const { pool, plan, index } = options;
  const live = (await readGenerations(pool, plan.view)).find(({ state }) => state === 'live');
  const [waiting, latencyMs] = await Promise.all([
    oldestChanges(pool),
    live === undefined ? null : timeSearch(options, live),
  ]);
  if (live !== undefined) readers.note(await index.readsOf(live.indexName), 1);
  return { atMs: performance.now(), waiting, latencyMs };
}

/** The first page of the view's default list, as readers ask for it most. Null when it has no answer. */
async function timeSearch(
  { index, indexPrefix, logger }: RebuildOptions,
  { view, plan }: Generation,
): Promise<number | null> {
  const sort = plan.sort.map(({ column, descending }) => ({
    field: column,
    descending,
    nulls: 'last' as const,
  }));
  const startedAt = performance.now();
  try {
    await index.search(
      aliasName(indexPrefix, view),
      plan,
      {
        where: null,
        q: null,
        in: null,
        sort: [...sort, { field: 'id', descending: false, nulls: 'last' }],
        fields: null,
        limit: PROBE.hits,
        after: null,
        offset: 0,
      },
      { deadlineMs: PROBE.deadlineMs },
    );
    return performance.now() - startedAt;
  } catch (error) {
    logger.debug({ view, reason: messageOf(error) }, 'A search that measures had no answer');
    return null;
  }
}
