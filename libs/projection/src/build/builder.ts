import type { Pool } from 'pg';
import { sleep } from '#kernel';
import { AlarmClock, ringOne } from '../flow/alarm-clock.js';
import type { BuildContext } from './build-roots.js';
import { Busy } from './busy.js';
import { BatchSize } from '../flow/batch-size.js';
import { HeavyViews } from './heavy-views.js';
import { HotRoots } from './hot-roots.js';
import { runLane, type Lane } from './lane.js';
import { DirectTraffic } from './direct-traffic.js';
import { ViewRoster } from './view-roster.js';

export interface BuilderOptions extends BuildContext {
  /** Holds one connection per lane, and one for heavy views, for as long as the index takes to answer. */
  readonly claimPool: Pool;
  /** Builds these views only; absent is every view that this process can run. */
  readonly only?: readonly string[];
  /** The most roots of a claim. */
  readonly batch?: number;
  /** The fewest that a claim shrinks to when the servers are slow. */
  readonly minBatch?: number;
  /** What the documents of a claim may have together, in bytes. */
  readonly batchBytes?: number;
  /** How long a claim may take before the next ones are made smaller, in milliseconds. */
  readonly targetMs?: number;
  /** How long a root rests that is built again and again, in milliseconds; 0 is not at all. */
  readonly restMs?: number;
  /** Claims in flight; from two on, one more for views that take long to read. */
  readonly lanes?: number;
}

export interface Builder {
  /** The roots that a claim takes at present. */
  readonly batch: number;
  /** Look for marks now: a hint from whoever just wrote some. */
  wake(): void;
  /** Resolves when no mark of a view that this process can run is left, due or not, claimed or not. */
  idle(): Promise<void>;
  /** Claims no more, and resolves when what is claimed has been built and committed. */
  close(): Promise<void>;
}

/**
 * Turns marks into documents until it is closed (design rule 7).
 *
 * Lanes run side by side. Every first one takes direct marks before bulk ones and every second one bulk before direct, so
 * that a change does not wait behind the marks of a wide fan-out or a raised epoch, and those do not wait for ever
 * behind changes. While direct changes come, the first ones leave bulk marks alone and the second ones take few of them and rest
 * in between. Views that take long to read have a lane of their own, with a claim size of its own. The revision
 * orders the writes, so the order of claims is free.
 */
export function startBuilder(options: BuilderOptions): Builder {
  const { lanes = 2, batch = 2_000, minBatch = 50, batchBytes = 16 * 1024 * 1024 } = options;
  const { targetMs = 500, restMs = 1_000 } = options;
  const stop = new AbortController();
  const roster = new ViewRoster(options);
  const sizes = { max: batch, min: minBatch, maxBytes: batchBytes, targetMs };
  const size = new BatchSize(sizes);
  const heavyViews = new HeavyViews();
  const busy = new Busy();
  const shared = {
    options,
    roster,
    busy,
    directTraffic: new DirectTraffic(),
    heavyViews,
    hotRoots: new HotRoots({ restMs }),
  };
  const views = lanes === 1 ? 'all' : 'light';
  const alarmClocks = Array.from({ length: lanes }, () => new AlarmClock());
  const callOne = (): void => ringOne(alarmClocks);
  const running = alarmClocks.map((alarmClock, lane) =>
    runLane(
      { ...shared, alarmClock, callAnother: callOne, size, views, turns: turnsOf(lane, lanes) },
      stop.signal,
    ),
  );
  const heavyClock = new AlarmClock();
  if (lanes > 1) {
    const heavy = { size: new BatchSize({ ...sizes, min: 1 }), views: 'heavy' as const, turns: bothInTurn };
    const alone = { alarmClock: heavyClock, callAnother: () => undefined };
    running.push(runLane({ ...shared, ...heavy, ...alone }, stop.signal));
  }
  return {
    get batch() {
      return size.current;
    },
    wake: () => {
      callOne();
      heavyClock.ring();
    },
    idle: () => waitUntilIdle(options.pool, roster, busy, stop.signal),
    close: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}

const bothInTurn: Lane['turns'] = ['direct_first', 'bulk_first'];

/** What a lane prefers, claim by claim: always the same, unless it is the only one. */
function turnsOf(lane: number, lanes: number): Lane['turns'] {
  if (lanes === 1) return bothInTurn;
  return [lane % 2 === 0 ? 'direct_first' : 'bulk_first'];
}

async function waitUntilIdle(pool: Pool, roster: ViewRoster, busy: Busy, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await busy.untilNone(signal);
    roster.expire();
    // A claimed mark stays visible to others until its claim commits, so this also waits for claims in flight.
    const { views, except } = await roster.claimable();
    const { rows } = await pool.query<{ left: boolean }>(
      `SELECT EXISTS (
         SELECT FROM mark WHERE view = ANY($1) AND (index_name IS NULL OR index_name <> ALL($2))
       ) AS left`,
      [views, except],
    );
    if (rows[0]?.left === false) return;
    await sleep(20, signal);
  }
}
