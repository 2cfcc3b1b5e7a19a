import type { Pool } from 'pg';
import { backoffDelay, sleep } from '#kernel';
import { buildRoots } from '../build/build-roots.js';
import { judge } from '../build/judge.js';
import { keepRefused } from '../build/refused.js';
import { copyTable } from '../schema/names.js';
import { inTransaction } from '../schema/transaction.js';
import type { Begun } from './begin.js';
import { RebuildInterruptedError, RebuildNotRunnableError } from './errors.js';
import { savePosition } from './lease.js';
import type { RebuildOptions } from './options.js';

/** While one chunk waits for the index, the next is read and assembled; more would only queue at the index. */
const IN_FLIGHT = 2;

/**
 * Builds every root into the new generation, in id order, from where the scan was left. Returns how many it scanned.
 *
 * Live writers need no coordination: whatever changes after the registration has a mark that reaches this generation
 * too, whatever changed before is seen by the scan, and the revision decides between the two. Positions are saved in
 * order, so a take-over repeats at most the chunks in flight.
 */
export async function scanRoots(
  options: RebuildOptions,
  begun: Begun,
  signal: AbortSignal,
  onScanned: (count: number) => void,
): Promise<number> {
  const { pool, chunk = 1_000 } = options;
  const { generation, token } = begun;
  const flying: { readonly ids: readonly string[]; readonly built: Promise<Failure | null> }[] = [];
  let after = begun.scannedTo;
  let scanned = 0;
  const land = async (): Promise<void> => {
    const { ids, built } = flying[0] as (typeof flying)[number];
    const failure = await built;
    flying.shift();
    if (failure !== null) throw failure.error;
    await savePosition(pool, generation, token, { scannedTo: ids.at(-1) as string, count: ids.length });
    scanned += ids.length;
    onScanned(ids.length);
  };
  try {
    for (;;) {
      signal.throwIfAborted();
      const ids = await rootsAfter(pool, generation.plan.root, after, chunk);
      if (ids.length === 0) break;
      // Kept as a value, since it may fail while an earlier chunk is waited for.
      const built = scanChunk(options, begun, ids, signal).then(
        () => null,
        (error: unknown): Failure => ({ error }),
      );
      flying.push({ ids, built });
      after = ids.at(-1) as string;
      if (flying.length >= IN_FLIGHT) await land();
    }
    while (flying.length > 0) await land();
    return scanned;
  } finally {
    await Promise.all(flying.map(({ built }) => built));
  }
}

interface Failure {
  readonly error: unknown;
}

async function rootsAfter(
  pool: Pool,
  source: string,
  after: string | null,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM ${copyTable(source)} WHERE NOT deleted AND ($1::text IS NULL OR id > $1) ORDER BY id LIMIT $2`,
    [after, limit],
  );
  return rows.map((row) => row.id);
}

/** Builds one chunk until nothing is left of it, from a new snapshot each time. */
async function scanChunk(
  options: RebuildOptions,
  { generation }: Begun,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { view, indexName } = generation;
  let left = ids;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const result = await buildRoots(options, view, left, (one) => one.indexName === indexName);
    if (result.kind === 'not_runnable') throw new RebuildNotRunnableError(view, result.missing);
    if (result.kind === 'no_generation') throw new RebuildInterruptedError(view, indexName);
    const unfinished = await judge(options, view, result.revision, result.writes);
    await inTransaction(options.pool, (client) => keepRefused(client, view, result.writes));
    if (unfinished.size === 0) return;
    left = [...unfinished.keys()];
    await sleep(backoffDelay({ baseMs: 250, maxMs: 5_000 }, attempt), signal);
  }
}
