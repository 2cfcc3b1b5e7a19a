import type { PoolClient } from 'pg';
import { messageOf, systemClock } from '#kernel';
import { ensureEpoch } from '../generations/epoch.js';
import type { Generation } from '../generations/generation.js';
import { EpochMissingError } from '../revision/snapshot.js';
import { buildRoots, type BuildContext } from './build-roots.js';
import { leaveToOthers, putBack, type Mark } from './claim.js';
import { judge } from './judge.js';
import { keepRefused } from './refused.js';

/** `built`: at least one root is finished; `held_up`: none is; `foreign`: the view waits for
 * another process, or for an index that answers. */
export type ClaimedOutcome = 'built' | 'held_up' | 'foreign';

/** What became of claimed marks, and what it says about the size of claims. */
export interface Claimed {
  readonly outcome: ClaimedOutcome;
  readonly documents: number;
  readonly bytes: number;
  /** How long its rows took to read, in milliseconds. */
  readonly readMs: number;
  /** The index refused some of them for now or did not answer, or they could not be read. */
  readonly pushedBack: boolean;
}

const nothingSent = { documents: 0, bytes: 0, readMs: 0, pushedBack: false };

/**
 * Builds the roots of claimed marks of one view, which are all for the same generations: `target` is the index of one,
 * or null for all. `claim` is the connection whose open transaction holds the claim: marks that are not finished and
 * documents that are refused are written there, so that they commit with the claim or not at all. A fault of the view
 * stays with its marks; only a broken claim connection is thrown.
 */
export async function buildClaimed(
  context: BuildContext,
  claim: PoolClient,
  view: string,
  target: string | null,
  marks: readonly Mark[],
): Promise<Claimed> {
  // Any number of marks of one root is one build: the snapshot is taken after the claim's reply, so it sees them all.
  const rootIds = [...new Set(marks.map((mark) => mark.root_id))];
  const built = await attempt(context, view, target, rootIds);
  // The one generation is retired and needs no more, or it is stopped and has all roots marked when it goes on.
  if (built.kind === 'no_generation' && target !== null) return { outcome: 'built', ...nothingSent };
  if (built.kind === 'not_runnable' || built.kind === 'no_generation') {
    await putBack(claim, marks, 'no_attempt');
    return { outcome: 'foreign', ...nothingSent };
  }
  if (built.kind === 'failed') {
    await putBack(claim, marks, 'attempt');
    // It may have been too much to read within the deadline.
    return { outcome: 'held_up', ...nothingSent, pushedBack: true };
  }
  await keepRefused(claim, view, built.writes);
  const isUnfinished = (mark: Mark): boolean => built.unfinished.has(mark.root_id);
  const finished = marks.filter((mark) => !isUnfinished(mark));
  await putBack(claim, marks.filter(isUnfinished), 'attempt');
  await leaveToOthers(
    claim,
    finished,
    built.left.map(({ indexName }) => indexName),
  );
  reportLag(context, view, finished);
  const bodies = built.writes.flatMap(({ body }) => (body === null ? [] : [body]));
  return {
    outcome: built.unfinished.size === rootIds.length ? 'held_up' : 'built',
    documents: bodies.length,
    bytes: bodies.reduce((sum, body) => sum + body.length, 0),
    readMs: built.readMs,
    pushedBack: built.writes.some(({ outcome }) => outcome.kind === 'retry'),
  };
}

async function attempt(
  context: BuildContext,
  view: string,
  target: string | null,
  rootIds: readonly string[],
) {
  try {
    const wanted = ({ indexName }: Generation): boolean => target === null || indexName === target;
    const result = await buildRoots(context, view, rootIds, { wanted });
    if (result.kind !== 'written') return result;
    const unfinished = await judge(context, view, result.revision, result.writes);
    return { ...result, unfinished };
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
