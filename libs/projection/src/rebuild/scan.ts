import type { Pool } from 'pg';
import { backoffDelay, sleep } from '#kernel';
import { buildRoots } from '../build/build-roots.js';
import { spanOf } from '../build/load/span.js';
import { judge } from '../build/judge.js';
import { concernLetters, keepRefused } from '../build/refused.js';
import { inTurn, type Turns } from '../flow/in-turn.js';
import { copyTable } from '../schema/names.js';
import { inTransaction } from '../schema/transaction.js';
import { oneAhead } from '../verify/one-ahead.js';
import type { Begun } from './begin.js';
import { RebuildInterruptedError, RebuildNotRunnableError } from './errors.js';
import type { RebuildOptions } from './options.js';
import type { PaceGate } from './pace-gate.js';
import { openRanges, saveStep, type ScanRange } from './ranges.js';
import type { WrittenDocuments } from './written-documents.js';

/** While one chunk waits for the index, another is read and the third assembled; more would only queue at the index. */
export const WORKERS = 3;

/** Each worker has one chunk in hand, which is what a kill costs: at most a twentieth. Smaller ones are slow to index. */
const CHUNKS = 60;
const CHUNK = { least: 100, most: 1_000 };

/** So many that the last ones to end leave little to do alone. */
const MOST_RANGES = 16;
const CHUNKS_PER_RANGE = 4;

export interface ScanOptions {
  readonly gate: PaceGate;
  readonly signal: AbortSignal;
  readonly onScanned: (count: number) => void;
  /** Learns what the index took. */
  readonly written: WrittenDocuments;
}

/**
 * Builds every root into the new generation: ranges of ids, each in id order from where it was left, on a few workers.
 * Returns how many roots it scanned.
 *
 * Live writers need no coordination: whatever changes after the registration has a mark that reaches this generation
 * too, whatever changed before is seen by the scan, and the revision decides between the two. So roots that are new are
 * not run after either: the scan ends at the last root that is there when it begins.
 */
export async function scanRoots(
  options: RebuildOptions,
  begun: Begun,
  { gate, signal, onScanned, written }: ScanOptions,
): Promise<number> {
  const { pool, workers = WORKERS } = options;
  const { generation, token, total } = begun;
  const fitting = Math.min(CHUNK.most, Math.max(CHUNK.least, Math.round(total / CHUNKS)));
  const chunk = chunkOf(options, fitting);
  // Beside readers one worker has in hand what else all of them have together: a kill costs the same.
  const alone = chunkOf(options, Math.min(CHUNK.most, fitting * workers));
  const chunks: Chunks = {
    turns: inTurn(() => gate.hasReaders),
    size: () => (gate.hasReaders ? alone : chunk),
  };
  const size = { roots: chunk * CHUNKS_PER_RANGE, most: MOST_RANGES };
  const open = (await openRanges(pool, generation, token, size)).filter(({ done }) => !done);
  const last = await lastRoot(pool, generation.plan.root);
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  let scanned = 0;
  const work = async (): Promise<void> => {
    for (let range = open.shift(); range !== undefined; range = open.shift()) {
      await scanRange(options, begun, { range, last, chunks, gate, signal: stop, written }, (count) => {
        scanned += count;
        onScanned(count);
      });
    }
  };
  // Each ends what it has in hand, so that nothing is written any more when this is over.
  await Promise.all(
    Array.from({ length: workers }, () => work().catch((error: unknown) => failed.abort(asError(error)))),
  );
  stop.throwIfAborted();
  return scanned;
}

/** What is asked for; else what fits. Not more than the throttle lets through in a second. */
function chunkOf({ chunk, throttle = null }: RebuildOptions, fitting: number): number {
  return Math.max(1, Math.min(chunk ?? fitting, Math.floor(throttle ?? Infinity)));
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/**
 * Three chunks under way keep both the database and the index busy, and then whoever searches waits for a core several times
 * over: while others read, the workers take turns (`npm run bench -- rebuild-under-load --scale s`: p99 of reads 32 ms by
 * 69, at six tenths of the rate either way).
 */
interface Chunks {
  readonly turns: Turns;
  /** Roots of the next one. */
  readonly size: () => number;
}

interface RangeScan {
  readonly range: ScanRange;
  /** The last root of all. */
  readonly last: string | null;
  readonly chunks: Chunks;
  readonly gate: PaceGate;
  readonly signal: AbortSignal;
  readonly written: WrittenDocuments;
}

async function scanRange(
  options: RebuildOptions,
  begun: Begun,
  { range, last, chunks, gate, signal, written }: RangeScan,
  onScanned: (count: number) => void,
): Promise<void> {
  const { pool } = options;
  const { generation, token } = begun;
  const upTo = range.to ?? last;
  const rootsAfter = (after: string | null, limit: number): Promise<readonly string[]> =>
    rootsBetween(pool, generation.plan.root, after, upTo, limit);
  let after = range.scannedTo ?? range.after;
  const scanPage = async ({ ids, done }: RootPage): Promise<void> => {
    signal.throwIfAborted();
    await gate.before(ids.length, signal);
    signal.throwIfAborted();
    const startedAt = performance.now();
    if (ids.length > 0) await scanChunk(options, begun, ids, { signal, written });
    after = ids.at(-1) ?? after;
    await saveStep(pool, generation, token, range.part, { scannedTo: after, count: ids.length, done });
    onScanned(ids.length);
    if (!done) await gate.after(performance.now() - startedAt, signal);
  };
  // The next roots are named while these are built; those that come between meanwhile have marks.
  for await (const page of oneAhead(pagesOf(rootsAfter, after, chunks.size)))
    await chunks.turns(() => scanPage(page));
}

interface RootPage {
  readonly ids: readonly string[];
  readonly done: boolean;
}

/** The last page has fewer roots than were asked for, if only none. */
async function* pagesOf(
  rootsAfter: (after: string | null, limit: number) => Promise<readonly string[]>,
  from: string | null,
  size: () => number,
): AsyncGenerator<RootPage, void, void> {
  for (let after = from; ;) {
    const limit = size();
    const ids = await rootsAfter(after, limit);
    const done = ids.length < limit;
    yield { ids, done };
    if (done) return;
    after = ids.at(-1) ?? after;
  }
}

async function lastRoot(pool: Pool, source: string): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM ${copyTable(source)} ORDER BY id DESC LIMIT 1`,
  );
  return rows[0]?.id ?? null;
}

/** The roots above `after` up to `upTo`, itself included. */
async function rootsBetween(
  pool: Pool,
  source: string,
  after: string | null,
  upTo: string | null,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM ${copyTable(source)}
     WHERE NOT deleted AND ($1::text IS NULL OR id > $1) AND ($2::text IS NULL OR id <= $2)
     ORDER BY id LIMIT $3`,
    [after, upTo, limit],
  );
  return rows.map((row) => row.id);
}

/** Builds one chunk until nothing is left of it, from a new snapshot each time. */
async function scanChunk(
  options: RebuildOptions,
  { generation }: Begun,
  ids: readonly string[],
  { signal, written }: Pick<RangeScan, 'signal' | 'written'>,
): Promise<void> {
  const { view, indexName } = generation;
  let left = ids;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const result = await buildRoots(options, view, left, {
      wanted: (one) => one.indexName === indexName,
      // Those that are left do not stand side by side.
      span: attempt === 1 ? spanOf(ids) : null,
      scans: true,
    });
    if (result.kind === 'not_runnable') throw new RebuildNotRunnableError(view, result.missing);
    if (result.kind === 'no_generation') throw new RebuildInterruptedError(view, indexName);
    for (const { body, outcome } of result.writes)
      if (body !== null && outcome.kind === 'done') written.add(result.revision, body);
    const unfinished = await judge(options, view, result.revision, result.writes);
    // In health there are none, and a transaction for nothing is two more ways to the server and back.
    if (await concernLetters(options.pool, result.writes))
      await inTransaction(options.pool, (client) => keepRefused(client, view, result.writes));
    if (unfinished.size === 0) return;
    left = [...unfinished.keys()];
    await sleep(backoffDelay({ baseMs: 250, maxMs: 5_000 }, attempt), signal);
  }
}
