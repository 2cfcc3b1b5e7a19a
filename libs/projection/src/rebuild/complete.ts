import { startBuilder } from '../build/builder.js';
import type { BuildContext } from '../build/build-roots.js';
import type { Generation } from '../generations/generation.js';
import { drainMarks } from './drain.js';
import { RebuildStalledError, RebuildVerifyError, SwapRefusedError, type Refusal } from './errors.js';
import { savePhase } from './lease.js';
import type { RebuildOptions } from './options.js';
import { progressOf } from './progress.js';
import { refusalToRun, refusalsToRead } from './refusals.js';
import { swapGenerations } from './swap.js';
import { verifyGeneration, type Verified } from './verify.js';
import type { WrittenDocuments } from './written-documents.js';

const KEEP_PREVIOUS_MS = 24 * 3_600_000;
const STALL_MS = 5 * 60_000;
const MAX_LAG_MS = 30_000;

/** A generation whose scan is complete, in the hands of this process. */
export interface Held {
  readonly generation: Generation;
  readonly token: string;
  readonly total: number;
}

export interface Completion {
  readonly signal: AbortSignal;
  /** Goes on to the swap over every refusal, each of which is told. */
  readonly force: boolean;
  /** What the scan of this process wrote. */
  readonly written?: WrittenDocuments;
}

export interface Completed extends Verified {
  /** The index that was live before; null when the swap is left for later, or nothing was live. */
  readonly previousIndexName: string | null;
  readonly overridden: readonly string[];
}

/**
 * Brings a scanned generation to its swap: drains, verifies, looks whether readers may see it, and moves the alias.
 * @throws {SwapRefusedError} naming every reason against the swap that was looked at
 * @throws {RebuildVerifyError}, {RebuildStalledError} unless it is forced
 * @throws {GenerationUnreadableError} always
 */
export async function completeGeneration(
  options: RebuildOptions,
  { generation, token, total }: Held,
  { signal, force, written }: Completion,
): Promise<Completed> {
  const { swap = 'now', maxLagMs = MAX_LAG_MS, keepPreviousMs = KEEP_PREVIOUS_MS } = options;
  const { view } = generation;
  const refusals: Refusal[] = [];
  const unless = (found: readonly Refusal[]): void => {
    if (found.length > 0 && !force) throw new SwapRefusedError(view, found);
    refusals.push(...found);
  };
  unless(await refusalToRun(options, generation));
  // What can not be built here would neither drain nor compare.
  const verified =
    refusals.length > 0
      ? null
      : await drainAndVerify(options, { generation, token, total }, { signal, force, written });
  refusals.push(...(verified?.refusals ?? []));
  unless(await refusalsToRead(options, generation, maxLagMs));
  signal.throwIfAborted();
  const result = {
    documents: await options.index.count(generation.indexName),
    refused: verified?.verified?.refused ?? 0,
    overridden: refusals.map(({ sentence }) => sentence),
  };
  if (swap === 'later') return { ...result, previousIndexName: null };
  const swapping = progressOf(options.onProgress, { phase: 'swap', total: 1 });
  const previousIndexName = await swapGenerations(options, generation, token, keepPreviousMs);
  swapping.add(1);
  return { ...result, previousIndexName };
}

interface Looked {
  readonly verified: Verified | null;
  readonly refusals: readonly Refusal[];
}

async function drainAndVerify(
  options: RebuildOptions,
  { generation, token, total }: Held,
  { signal, force, written }: Completion,
): Promise<Looked> {
  const { pool, onProgress, stallMs = STALL_MS } = options;
  const refusals: Refusal[] = [];
  const step = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      if (!force || !(error instanceof RebuildStalledError || error instanceof RebuildVerifyError))
        throw error;
      refusals.push({
        what: error instanceof RebuildVerifyError ? 'verify' : 'lag',
        sentence: error.message,
      });
      return null;
    }
  };
  const verified = await withOwnBuilder(options, generation.view, async () => {
    await savePhase(pool, generation, token, 'drain');
    const draining = progressOf(onProgress, { phase: 'drain', total: 0 });
    const { view, indexName } = generation;
    await step(() => drainMarks({ pool, view, indexName, signal, stallMs, onLeft: draining.left }));
    await savePhase(pool, generation, token, 'verify');
    const known = written?.covers(total) === true ? { written } : {};
    const verifying = progressOf(onProgress, { phase: 'verify', total });
    return step(() => verifyGeneration({ ...options, ...known }, generation, signal, stallMs, verifying.add));
  });
  return { verified, refusals };
}

/** Builds marks of the view while `work` waits for them, so that it needs no running projector. */
export async function withOwnBuilder<T>(
  context: BuildContext,
  view: string,
  work: () => Promise<T>,
): Promise<T> {
  const builder = startBuilder({ ...context, claimPool: context.pool, only: [view], lanes: 1 });
  try {
    return await work();
  } finally {
    await builder.close();
  }
}
