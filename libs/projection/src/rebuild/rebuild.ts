import { messageOf, type PrejoinError } from '#kernel';
import { retireExpired } from '../generations/retire.js';
import { abandonRebuild } from './abandon.js';
import { beginRebuild, takeComplete, type Begun } from './begin.js';
import { completeGeneration } from './complete.js';
import {
  RebuildCancelledError,
  RebuildInterruptedError,
  RebuildLeaseLostError,
  RebuildNotRunnableError,
  RebuildVerifyError,
  SwapCancelledError,
  SwapRefusedError,
} from './errors.js';
import { keepLease, leaveRebuild, lostTo, savePhase, type Lease } from './lease.js';
import type { RebuildOptions, RebuildResult } from './options.js';
import { openPaceGate } from './pace-gate.js';
import { progressOf } from './progress.js';
import { scanRoots } from './scan.js';
import { WrittenDocuments } from './written-documents.js';

const LEASE_MS = 30_000;

/**
 * Builds a view anew beside the live generation, and swaps the alias once it is complete (design rule 8): register,
 * scan, drain, verify, swap. Readers and writers go on meanwhile.
 *
 * Killed at any point, or ended by a server that went away, it is taken over by the next call for the view, which goes on
 * where the scan was. Cancelled, or found wrong, its index is dropped and the live generation stays as it is. Where only
 * the swap is refused, or is left for later, the generation stays complete and current, for `swapView`.
 * @throws {RebuildRunningError} while another process rebuilds the view
 * @throws {RebuildVerifyError} when the new index does not hold what the copies say
 * @throws {SwapRefusedError} when it is complete, and readers should not be moved to it
 * @throws {RebuildLeaseLostError} when another process took it over, or cancelled it
 */
export async function rebuild(options: RebuildOptions): Promise<RebuildResult> {
  const begun = await beginRebuild(options, options.leaseMs ?? LEASE_MS);
  return hold(options, begun, {
    work: async (signal) => {
      const written = new WrittenDocuments();
      const scanned = await scan(options, begun, signal, written);
      const completed = await completeGeneration(options, begun, { signal, force: false, written });
      return { ...resultOf(options, begun, completed), scanned };
    },
    cancelled: new RebuildCancelledError(options.plan.view),
    whenItFails: (error, lease) => afterFailure(options, begun, lease, error),
  });
}

export interface SwapViewOptions extends Omit<
  RebuildOptions,
  'plan' | 'swap' | 'chunk' | 'workers' | 'throttle'
> {
  readonly view: string;
  /** Swaps over every refusal but an index that can not be read and another holder; what it overrode is told. */
  readonly force?: boolean;
}

/**
 * Swaps in a generation that a rebuild left complete: it is drained, verified and looked at again. Whatever goes wrong,
 * it stays as it is, complete and current.
 * @throws {NothingToSwapError}, {RebuildRunningError}, and what `rebuild` throws
 */
export async function swapView(options: SwapViewOptions): Promise<RebuildResult> {
  const { view, force = false } = options;
  const begun = await takeComplete(options, view, options.leaseMs ?? LEASE_MS);
  const own: RebuildOptions = { ...options, plan: begun.generation.plan };
  return hold(own, begun, {
    work: async (signal) => {
      const completed = await completeGeneration(own, begun, { signal, force });
      return { ...resultOf(own, begun, completed), scanned: 0 };
    },
    cancelled: new SwapCancelledError(view),
    whenItFails: (_, lease) => leave(own, begun, lease, 'ready'),
  });
}

interface Holding {
  /** What the caller learns who gave up. */
  readonly cancelled: PrejoinError;
  readonly work: (signal: AbortSignal) => Promise<RebuildResult>;
  /** Cleans up while the rebuild is still this process's. */
  readonly whenItFails: (error: unknown, lease: Lease) => Promise<void>;
}

/** Does the work while the lease is kept, and ends it in one of three ways: done, failed, or lost to somebody else. */
async function hold(
  options: RebuildOptions,
  begun: Begun,
  { work, cancelled, whenItFails }: Holding,
): Promise<RebuildResult> {
  const { pool, logger, signal, leaseMs = LEASE_MS } = options;
  const lease = await keepLease({ pool, logger, leaseMs }, begun.generation, begun.token);
  try {
    const result = await work(AbortSignal.any([lease.lost, ...(signal === undefined ? [] : [signal])]));
    if (!result.swapped) await leave(options, begun, lease, 'ready');
    await retireOld(options);
    return result;
  } catch (error) {
    const fault = await whatEndedIt(options, begun, lease, signal?.aborted === true ? cancelled : error);
    if (!(fault instanceof RebuildLeaseLostError)) await whenItFails(fault, lease);
    throw fault;
  } finally {
    lease.end();
  }
}

async function scan(
  options: RebuildOptions,
  begun: Begun,
  signal: AbortSignal,
  written: WrittenDocuments,
): Promise<number> {
  const { pool, onProgress } = options;
  const { generation, token, total, scanned } = begun;
  await savePhase(pool, generation, token, 'scan');
  const gate = await openPaceGate(options, total - scanned);
  try {
    const yielding = (): string | null => gate.yielding;
    const scanning = progressOf(onProgress, { phase: 'scan', total, already: scanned, yielding });
    return await scanRoots(options, begun, { gate, signal, onScanned: scanning.add, written });
  } finally {
    await gate.close();
  }
}

function resultOf(
  { swap = 'now' }: RebuildOptions,
  { generation, resumed }: Begun,
  completed: Awaited<ReturnType<typeof completeGeneration>>,
): Omit<RebuildResult, 'scanned'> {
  return { ...completed, indexName: generation.indexName, resumed, swapped: swap === 'now' };
}

/** Whoever lost it learns that first: what it then fails by is only a consequence. */
async function whatEndedIt(
  { pool, logger }: RebuildOptions,
  { generation, token }: Begun,
  { lost }: Lease,
  error: unknown,
): Promise<unknown> {
  if (lost.aborted) return lost.reason;
  if (error instanceof RebuildLeaseLostError) return error;
  try {
    const loss = await lostTo(pool, generation, token);
    if (loss !== null) return loss;
  } catch (unknown) {
    logger.debug({ reason: messageOf(unknown) }, 'Who holds the rebuild could not be looked up');
  }
  return error;
}

/** The rebuild is done when the alias has moved; an old index that can not be dropped now is dropped by a projector. */
async function retireOld(options: RebuildOptions): Promise<void> {
  try {
    await retireExpired(options);
  } catch (error) {
    options.logger.warn({ err: error }, `Old generations could not be retired yet: ${messageOf(error)}`);
  }
}

/**
 * What can not become right is dropped. What is complete waits for its swap; and what a server that went away has ended
 * is gone on with by the next call.
 */
function afterFailure(options: RebuildOptions, begun: Begun, lease: Lease, error: unknown): Promise<void> {
  if (error instanceof SwapRefusedError) return leave(options, begun, lease, 'ready');
  if (hopeless.some((kind) => error instanceof kind)) return giveUp(options, begun);
  return leave(options, begun, lease, 'unfinished');
}

const hopeless = [
  RebuildCancelledError,
  RebuildInterruptedError,
  RebuildNotRunnableError,
  RebuildVerifyError,
] as const;

/** What went wrong first is what the caller learns; a failure to clean up leaves the rebuild to be taken over. */
async function giveUp(options: RebuildOptions, { generation, token }: Begun): Promise<void> {
  try {
    await abandonRebuild(options, generation, token);
  } catch (error) {
    options.logger.error(
      { err: error, view: generation.view, index: generation.indexName },
      `The unfinished rebuild could not be cleaned up; the next rebuild of the view does it: ${messageOf(error)}`,
    );
  }
}

/** As `giveUp`: without it, the lease runs out. */
async function leave(
  { pool, logger }: RebuildOptions,
  { generation, token }: Begun,
  lease: Lease,
  as: 'ready' | 'unfinished',
): Promise<void> {
  lease.end();
  try {
    await leaveRebuild(pool, generation, token, as);
  } catch (error) {
    logger.error(
      { err: error, view: generation.view, index: generation.indexName },
      `The new generation could not be let go; it can be had when the lease ends: ${messageOf(error)}`,
    );
  }
}
