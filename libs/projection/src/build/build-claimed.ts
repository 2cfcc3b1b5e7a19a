import type { PoolClient } from 'pg';
import { messageOf, systemClock } from '#kernel';
import { ensureEpoch } from '../generations/epoch.js';
import { EpochMissingError } from '../revision/snapshot.js';
import { buildRoots, type BuildContext } from './build-roots.js';
import { putBack, type Mark } from './claim.js';
import { judge } from './judge.js';
import { keepRefused } from './refused.js';

/** `built`: at least one root is finished; `held_up`: none is; `foreign`: the view waits for
 * another process, or for an index that answers. */
export type ClaimedOutcome = 'built' | 'held_up' | 'foreign';

/**
 * Builds the roots of claimed marks of one view. `claim` is the connection whose open transaction holds the claim: marks
 * that are not finished and documents that are refused are written there, so that they commit with the claim or not at
 * all. A fault of the view stays with its marks; only a broken claim connection is thrown.
 */
export async function buildClaimed(
  context: BuildContext,
  claim: PoolClient,
  view: string,
  marks: readonly Mark[],
): Promise<ClaimedOutcome> {
  // Any number of marks of one root is one build: the snapshot is taken after the claim's reply, so it sees them all.
  const rootIds = [...new Set(marks.map((mark) => mark.root_id))];
  const built = await attempt(context, view, rootIds);
  if (built.kind === 'not_runnable' || built.kind === 'no_generation') {
    await putBack(claim, marks, 'no_attempt');
    return 'foreign';
  }
  if (built.kind === 'failed') {
    await putBack(claim, marks, 'attempt');
    return 'held_up';
  }
  await keepRefused(claim, view, built.writes);
  await putBack(
    claim,
    marks.filter((mark) => built.unfinished.has(mark.root_id)),
    'attempt',
  );
  reportLag(
    context,
    view,
    marks.filter((mark) => !built.unfinished.has(mark.root_id)),
  );
  return built.unfinished.size === rootIds.length ? 'held_up' : 'built';
}

async function attempt(context: BuildContext, view: string, rootIds: readonly string[]) {
  try {
    const result = await buildRoots(context, view, rootIds);
    if (result.kind !== 'written') return result;
    const unfinished = await judge(context, view, result.revision, result.writes);
    return { kind: 'written', writes: result.writes, unfinished } as const;
  } catch (error) {
    context.metrics.alarm('build_failed');
    context.logger.error(
      { alarm: 'build_failed', err: error, view },
      `Building view ${view} failed, its marks are kept: ${messageOf(error)}`,
    );
    if (error instanceof EpochMissingError) await ensureEpoch(context.pool, context.logger);
    return { kind: 'failed' } as const;
  }
}

function reportLag(
  { metrics, clock = systemClock }: BuildContext,
  view: string,
  marks: readonly Mark[],
): void {
  const now = clock.now().getTime();
  for (const { occurred_at } of marks) {
    if (occurred_at !== null) metrics.lag(view, Math.max(0, now - occurred_at.getTime()) / 1000);
  }
}
