import type { Pool, PoolClient } from 'pg';
import { backoffDelay, messageOf, sleep } from '#kernel';
import type { Priority } from '../marks/priority.js';
import { withClient } from '../revision/client.js';
import type { AlarmClock } from '../flow/alarm-clock.js';
import type { BatchSize } from '../flow/batch-size.js';
import { buildClaimed, type ClaimedOutcome } from './build-claimed.js';
import type { BuildContext } from './build-roots.js';
import { claimMarks, insertAgain, openClaim, type Claimable, type ClaimOptions, type Mark } from './claim.js';
import type { Busy } from './busy.js';
import { Floor } from './floor.js';
import type { HeavyViews } from './heavy-views.js';
import type { HotRoots } from './hot-roots.js';
import type { DirectTraffic } from './direct-traffic.js';
import type { ViewRoster } from './view-roster.js';

export type Preference = 'direct_first' | 'bulk_first';

export interface Lane {
  /** `claimPool` holds the claims, apart from the connections that read. */
  readonly options: BuildContext & { readonly claimPool: Pool };
  readonly roster: ViewRoster;
  /** Its own: who makes marks wakes one lane, and that one calls others if there is more than it takes. */
  readonly alarmClock: AlarmClock;
  readonly callAnother: () => void;
  readonly busy: Busy;
  readonly directTraffic: DirectTraffic;
  readonly size: BatchSize;
  readonly hotRoots: HotRoots;
  readonly heavyViews: HeavyViews;
  /** `light`: those that do not take long to read, `heavy`: those that do. */
  readonly views: 'all' | 'light' | 'heavy';
  /** What its claims prefer, one after the other and again from the first. */
  readonly turns: readonly Preference[];
}

interface Step {
  readonly priority: Priority;
  readonly order: ClaimOptions['order'];
  /** How much of a full claim it takes, and how much while direct changes come; none is not looked for. */
  readonly share: number;
  readonly givingWay: number;
}

/** A direct mark may come while bulk ones are built, and the lane that is there for it should soon be free. */
const BETWEEN_CHANGES = 1 / 4;
/** About 50 ms of a server's time that a change may have to wait for. */
const BESIDE_CHANGES = 1 / 10;
/** How long the lane that is there for bulk marks rests after a build of them while direct changes come, by how long it took. */
const RESTS_PER_BUILD = 1;

/**
 * What is looked for, in order; a claim has marks of the first that finds some. Not filled up with bulk marks: direct ones
 * would wait for the build of all. The newest direct marks come first where bulk ones are preferred, so that a backlog of
 * direct marks does not hold back a change either.
 */
const steps: Readonly<Record<Preference, readonly Step[]>> = {
  direct_first: [
    { priority: 'direct', order: 'oldest_first', share: 1, givingWay: 1 },
    { priority: 'bulk', order: 'oldest_first', share: BETWEEN_CHANGES, givingWay: 0 },
  ],
  bulk_first: [
    { priority: 'bulk', order: 'oldest_first', share: 1, givingWay: BESIDE_CHANGES },
    { priority: 'direct', order: 'newest_first', share: 1, givingWay: 1 },
  ],
};

const POLL = { firstMs: 25, longestMs: 250 };
const PAUSE = { baseMs: 250, maxMs: 5_000 };

/** Claims and builds, one claim after the other, until `signal` aborts. */
export async function runLane(lane: Lane, signal: AbortSignal): Promise<void> {
  const floors: Readonly<Record<Priority, Floor>> = { direct: new Floor(), bulk: new Floor() };
  let quietMs = POLL.firstMs;
  let failures = 0;
  for (let turn = 0; !signal.aborted; turn++) {
    const heard = lane.alarmClock.rings;
    const preference = lane.turns[turn % lane.turns.length] ?? 'direct_first';
    const { outcome, restMs } = await runClaim(lane, preference, floors);
    failures = outcome === 'failed' || outcome === 'held_up' ? failures + 1 : 0;
    if (failures > 0) await sleep(backoffDelay(PAUSE, failures), signal);
    else if (restMs > 0) await sleep(restMs, signal);
    else if (outcome === 'built_all') await lane.alarmClock.sleep(POLL.firstMs, heard, signal);
    else if (outcome === 'nothing_due') await lane.alarmClock.sleep(quietMs, heard, signal);
    quietMs = outcome === 'nothing_due' ? Math.min(quietMs * 2, POLL.longestMs) : POLL.firstMs;
  }
}

interface ClaimResult {
  /** `built_all`: what it claimed was less than it would have taken, so a look at once would find nothing. */
  readonly outcome: ClaimedOutcome | 'built_all' | 'nothing_due' | 'failed';
  /** How long the lane rests whatever else there is, since direct changes come, in milliseconds. */
  readonly restMs: number;
}

async function runClaim(
  lane: Lane,
  preference: Preference,
  floors: Readonly<Record<Priority, Floor>>,
): Promise<ClaimResult> {
  const { options, roster } = lane;
  try {
    const claimable = forLane(lane, await roster.claimable());
    if (claimable.views.length === 0) return { outcome: 'nothing_due', restMs: 0 };
    return await withClient(options.claimPool, async (claim) => {
      const [, first] = await Promise.all([
        openClaim(claim, options.deadlineMs * 4),
        claimFirst(lane, claim, claimable, preference, floors),
      ]);
      const begunAt = performance.now();
      const full = first.marks.length >= first.limit;
      if (full) lane.callAnother();
      const outcomes = await lane.busy.during(first.marks.length > 0, async () => {
        const built = await buildMarks(lane, claim, first);
        await claim.query('COMMIT');
        return built;
      });
      if (outcomes.includes('foreign')) roster.expire();
      const outcome = summarize(outcomes);
      const rests = first.givesWay && outcome === 'built' && lane.turns.length === 1;
      return {
        outcome: outcome === 'built' && !full ? 'built_all' : outcome,
        restMs: rests ? (performance.now() - begunAt) * RESTS_PER_BUILD : 0,
      };
    });
  } catch (error) {
    options.logger.error(
      { err: error },
      `A claim of marks was rolled back, its marks are kept: ${messageOf(error)}`,
    );
    return { outcome: 'failed', restMs: 0 };
  }
}

function forLane({ views: which, heavyViews }: Lane, claimable: Claimable): Claimable {
  if (which === 'all') return claimable;
  const heavy = heavyViews.names;
  const views = claimable.views.filter((view) => heavy.includes(view) === (which === 'heavy'));
  return { ...claimable, views };
}

interface FirstFound {
  readonly marks: readonly Mark[];
  /** The most roots that were asked for. */
  readonly limit: number;
  /** They are bulk marks, of which fewer were taken since direct changes come. */
  readonly givesWay: boolean;
}

async function claimFirst(
  { size, directTraffic }: Lane,
  claim: PoolClient,
  claimable: Claimable,
  preference: Preference,
  floors: Readonly<Record<Priority, Floor>>,
): Promise<FirstFound> {
  const beside = directTraffic.isRecent(performance.now());
  for (const { priority, order, share, givingWay } of steps[preference]) {
    const limit = Math.ceil(size.current * (beside ? givingWay : share));
    if (limit === 0) continue;
    const floor = order === 'oldest_first' ? floors[priority] : null;
    const marks = await claimMarks(claim, {
      ...claimable,
      limit,
      priority,
      order,
      floor: floor?.value ?? '0',
    });
    floor?.note(marks, limit);
    if (marks.length === 0) continue;
    if (priority === 'direct') directTraffic.note(performance.now());
    return { marks, limit, givesWay: beside && priority === 'bulk' };
  }
  return { marks: [], limit: size.current, givesWay: false };
}

/** Builds what was claimed, by view and by what it is for; roots that were built again and again just now rest first. */
async function buildMarks(
  { options, hotRoots, heavyViews, size }: Lane,
  claim: PoolClient,
  { marks, limit }: FirstFound,
): Promise<readonly ClaimedOutcome[]> {
  const startedAt = performance.now();
  const { ready, resting } = hotRoots.part(marks, startedAt);
  await insertAgain(
    claim,
    resting.map(({ mark }) => mark),
    resting.map(({ restMs }) => restMs),
  );
  const outcomes: ClaimedOutcome[] = [];
  let pushedBack = false;
  for (const same of Map.groupBy(ready, (mark) => JSON.stringify([mark.view, mark.index_name])).values()) {
    const { view, index_name } = same[0] as Mark;
    const begunAt = performance.now();
    const claimed = await buildClaimed(options, claim, view, index_name, same);
    const builtAt = performance.now();
    const roots = new Set(same.map((mark) => mark.root_id));
    if (claimed.outcome === 'built') {
      heavyViews.note(view, roots.size, claimed.readMs);
      hotRoots.built(view, roots, builtAt, (builtAt - begunAt) / roots.size);
    }
    size.weigh(view, claimed.documents, claimed.bytes);
    pushedBack ||= claimed.pushedBack;
    outcomes.push(claimed.outcome);
  }
  const tookMs = performance.now() - startedAt;
  if (outcomes.length > 0) size.note({ limit, used: ready.length, tookMs, pushedBack });
  return outcomes;
}

function summarize(outcomes: readonly ClaimedOutcome[]): ClaimResult['outcome'] {
  if (outcomes.includes('built')) return 'built';
  if (outcomes.includes('held_up')) return 'held_up';
  return outcomes.length === 0 ? 'nothing_due' : 'foreign';
}
