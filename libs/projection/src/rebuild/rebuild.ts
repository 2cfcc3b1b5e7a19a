import { messageOf } from '#kernel';
import { startBuilder } from '../build/builder.js';
import { retireExpired } from '../generations/retire.js';
import { abandonRebuild } from './abandon.js';
import { beginRebuild, type Begun } from './begin.js';
import { drainMarks } from './drain.js';
import { RebuildCancelledError, RebuildLeaseLostError } from './errors.js';
import { keepLease, savePhase } from './lease.js';
import type { RebuildOptions, RebuildPhase, RebuildResult } from './options.js';
import { scanRoots } from './scan.js';
import { swapGenerations } from './swap.js';
import { verifyGeneration } from './verify.js';

const LEASE_MS = 30_000;
const KEEP_PREVIOUS_MS = 24 * 3_600_000;
const STALL_MS = 5 * 60_000;

/**
 * Builds a view anew beside the live generation, and swaps the alias once it is complete (design rule 8): register,
 * scan, drain, verify, swap. Readers and writers go on meanwhile.
 *
 * Killed at any point, it is taken over by the next call for the view, which goes on where the scan was. Cancelled or
 * failed, its index is dropped and the live generation stays as it is.
 * @throws {RebuildRunningError} while another process rebuilds the view
 * @throws {RebuildVerifyError} when the new index does not hold what the copies say
 * @throws {RebuildLeaseLostError} when another process took it over; that process goes on with it
 */
export async function rebuild(options: RebuildOptions): Promise<RebuildResult> {
  const { pool, logger, plan, leaseMs = LEASE_MS } = options;
  const begun = await beginRebuild(options, leaseMs);
  const lease = keepLease({ pool, logger, leaseMs }, begun.generation, begun.token);
  const cancelled = options.signal === undefined ? [] : [options.signal];
  try {
    const result = await run(options, begun, AbortSignal.any([lease.lost, ...cancelled]));
    await retireOld(options);
    return result;
  } catch (error) {
    const fault = whatEndedIt(error, lease.lost, options.signal, plan.view);
    if (!(fault instanceof RebuildLeaseLostError)) await giveUp(options, begun);
    throw fault;
  } finally {
    lease.end();
  }
}

async function run(options: RebuildOptions, begun: Begun, signal: AbortSignal): Promise<RebuildResult> {
  const { pool, stallMs = STALL_MS, keepPreviousMs = KEEP_PREVIOUS_MS } = options;
  const { generation, token } = begun;
  const { view } = generation;

  const scanning = progressOf(options, 'scan', begun.total, begun.scanned);
  const scanned = await scanRoots(options, begun, signal, scanning.add);

  // It builds marks itself while it waits for them, so that a rebuild needs no running projector.
  const builder = startBuilder({ ...options, claimPool: pool, only: [view], lanes: 1 });
  try {
    await savePhase(pool, generation, token, 'drain');
    const draining = progressOf(options, 'drain', 0);
    await drainMarks({ pool, view, signal, stallMs, onLeft: draining.left });

    await savePhase(pool, generation, token, 'verify');
    const verifying = progressOf(options, 'verify', begun.total);
    const verified = await verifyGeneration(options, generation, signal, stallMs, verifying.add);

    signal.throwIfAborted();
    const swapping = progressOf(options, 'swap', 1);
    const previousIndexName = await swapGenerations(options, generation, token, keepPreviousMs);
    swapping.add(1);
    return {
      indexName: generation.indexName,
      previousIndexName,
      scanned,
      resumed: begun.resumed,
      ...verified,
    };
  } finally {
    await builder.close();
  }
}

function whatEndedIt(
  error: unknown,
  lost: AbortSignal,
  cancelled: AbortSignal | undefined,
  view: string,
): unknown {
  if (lost.aborted) return lost.reason;
  return cancelled?.aborted === true ? new RebuildCancelledError(view) : error;
}

/** The rebuild is done when the alias has moved; an old index that can not be dropped now is dropped by a projector. */
async function retireOld(options: RebuildOptions): Promise<void> {
  try {
    await retireExpired(options);
  } catch (error) {
    options.logger.warn({ err: error }, `Old generations could not be retired yet: ${messageOf(error)}`);
  }
}

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

interface PhaseProgress {
  readonly add: (count: number) => void;
  readonly left: (left: number) => void;
}

function progressOf(
  { onProgress }: RebuildOptions,
  phase: RebuildPhase,
  total: number,
  already = 0,
): PhaseProgress {
  const startedAt = performance.now();
  let done = already;
  let most = total;
  const report = (): void => {
    const seconds = Math.max(performance.now() - startedAt, 1) / 1_000;
    // Rows that came during the scan are scanned as well.
    onProgress?.({ phase, done, total: Math.max(most, done), rate: (done - already) / seconds });
  };
  report();
  return {
    add: (count) => {
      done += count;
      report();
    },
    left: (left) => {
      most = Math.max(most, left);
      done = most - left;
      report();
    },
  };
}
