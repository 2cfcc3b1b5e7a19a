import type { BuildContext } from '../build/build-roots.js';
import { missingComputes, readGenerations, type Generation } from '../generations/generation.js';
import { withGenerationLock } from '../generations/generation-lock.js';
import { aliasName } from '../generations/names.js';
import { inTransaction, NO_IDLE_LIMIT } from '../schema/transaction.js';
import { withOwnBuilder } from './complete.js';
import { drainMarks } from './drain.js';
import {
  GenerationUnreadableError,
  NoPreviousGenerationError,
  RebuildStalledError,
  RollbackCancelledError,
  RollbackRefusedError,
  type Refusal,
} from './errors.js';
import type { RebuildProgress } from './options.js';
import { progressOf } from './progress.js';
import { lagRefusal, refusalToRun } from './refusals.js';
import { makeLive } from './swap.js';

export interface RollbackOptions extends BuildContext {
  readonly view: string;
  readonly indexPrefix: string;
  /** Goes back over every refusal but an index that can not be read; what it overrode is told. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** How long the generation that readers leave is kept current, in milliseconds. */
  readonly keepPreviousMs?: number;
  /** How old a mark may be that concerns the previous generation, in milliseconds. */
  readonly maxLagMs?: number;
  /** How long it waits without any mark being built, in milliseconds. */
  readonly stallMs?: number;
}

export interface RollbackResult {
  readonly indexName: string;
  /** The index that was live before, kept current from now on. */
  readonly previousIndexName: string | null;
  readonly documents: number;
  readonly overridden: readonly string[];
}

const KEEP_PREVIOUS_MS = 24 * 3_600_000;
const MAX_LAG_MS = 30_000;
const STALL_MS = 30_000;

/**
 * Moves readers back to the previous generation by one call for the alias. Nothing that was written since the swap is
 * lost, since builders have kept it current; what waits at this moment is built first. The generation that readers leave
 * is kept current in its turn, so that a rollback can be taken back the same way.
 * @throws {NoPreviousGenerationError} when none is kept
 * @throws {RollbackRefusedError} when it lacks what was written since: it is stopped, or nobody builds its marks
 * @throws {GenerationUnreadableError} whether forced or not
 */
export async function rollbackView(options: RollbackOptions): Promise<RollbackResult> {
  const { pool, index, indexPrefix, view, force = false } = options;
  const { keepPreviousMs = KEEP_PREVIOUS_MS } = options;
  const previous = await previousOf(options);
  // That its functions are missing here is no reason by itself: another release may keep it current.
  const found = (await refusalToRun(options, previous)).filter(({ what }) => what === 'stopped');
  if (found.length === 0) found.push(...(await drain(options, previous)));
  if (found.length > 0 && !force) throw new RollbackRefusedError(view, found);
  if (options.signal?.aborted === true) throw new RollbackCancelledError(view);
  return withGenerationLock(pool, async () => {
    // It may have been retired, or readers moved, while this waited.
    const now = await previousOf(options);
    if (now.indexName !== previous.indexName) throw new NoPreviousGenerationError(view);
    const documents = await countReadable(options, now);
    // What builders wrote to an index that nobody searches may not be visible yet.
    await index.refresh(now.indexName);
    const left = await inTransaction(
      pool,
      async (client) => {
        const live = await makeLive(client, now, keepPreviousMs);
        await index.point(aliasName(indexPrefix, view), now.indexName);
        return live;
      },
      { idleMs: NO_IDLE_LIMIT },
    );
    return {
      indexName: now.indexName,
      previousIndexName: left,
      documents,
      overridden: found.map(({ sentence }) => sentence),
    };
  });
}

/** One whose time is over may be dropped at any moment. */
async function previousOf({ pool, view }: RollbackOptions): Promise<Generation> {
  const { rows } = await pool.query<{ index_name: string }>(
    `SELECT index_name FROM generation
     WHERE view = $1 AND state = 'previous' AND (keep_until IS NULL OR keep_until > now())`,
    [view],
  );
  const kept = new Set(rows.map((row) => row.index_name));
  const previous = (await readGenerations(pool, view)).findLast(({ indexName }) => kept.has(indexName));
  if (previous === undefined) throw new NoPreviousGenerationError(view);
  return previous;
}

/** Waits for the marks that concern the previous generation; answers what is left of them. */
async function drain(options: RollbackOptions, previous: Generation): Promise<readonly Refusal[]> {
  const { pool, view, onProgress, maxLagMs = MAX_LAG_MS, stallMs = STALL_MS } = options;
  const { signal = new AbortController().signal } = options;
  const draining = progressOf(onProgress, { phase: 'drain', total: 0 });
  const { indexName } = previous;
  try {
    await withOwnBuilder(options, view, () =>
      drainMarks({ pool, view, indexName, signal, stallMs, onLeft: draining.left }),
    );
  } catch (error) {
    if (signal.aborted) throw new RollbackCancelledError(view);
    if (!(error instanceof RebuildStalledError)) throw error;
    return [{ what: 'lag', sentence: whyItStalls(options, previous, error) }];
  }
  const lag = await lagRefusal(pool, previous, maxLagMs);
  return lag === null ? [] : [lag];
}

function whyItStalls(
  { computes }: RollbackOptions,
  { indexName, plan }: Generation,
  { left, stallMs }: RebuildStalledError,
): string {
  const missing = missingComputes(plan, computes);
  const why =
    missing.length === 0
      ? ''
      : ` It computes with functions that this process lacks (${missing.join(', ')}), and no other process builds them.`;
  return `${left} marks that concern index ${indexName} wait, and none of them was built for ${Math.round(stallMs / 1_000)} s.${why}`;
}

async function countReadable({ index, view }: RollbackOptions, { indexName }: Generation): Promise<number> {
  try {
    return await index.count(indexName);
  } catch (error) {
    throw new GenerationUnreadableError(view, indexName, error);
  }
}
