import type { Pool } from 'pg';
import { backoffDelay, messageOf, sleep } from '#kernel';
import { withClient } from '../revision/client.js';
import { buildClaimed, type ClaimedOutcome } from './build-claimed.js';
import type { BuildContext } from './build-roots.js';
import { claimMarks, type ClaimOptions, type Mark } from './claim.js';
import { ViewRoster } from './view-roster.js';

export interface BuilderOptions extends BuildContext {
  /** Holds one connection per lane for as long as the index takes to answer. */
  readonly claimPool: Pool;
  /** Builds these views only; absent is every view that this process can run. */
  readonly only?: readonly string[];
  /** Marks per claim. */
  readonly batch?: number;
  /** Claims in flight. */
  readonly lanes?: number;
}

export interface Builder {
  /** Look for marks now: a hint from whoever just wrote some. */
  wake(): void;
  /** Resolves when no mark of a view that this process can run is left, due or not, claimed or not. */
  idle(): Promise<void>;
  /** Claims no more, and resolves when what is claimed has been built and committed. */
  close(): Promise<void>;
}

const POLL = { firstMs: 10, longestMs: 250 };
const PAUSE = { baseMs: 250, maxMs: 5_000 };
const FULL_SWEEP_MS = 2_000;

/**
 * Turns marks into documents until it is closed (design rule 7).
 *
 * Lanes run side by side. Every second one takes the newest marks first, so that a change does not wait behind the
 * millions of marks of a wide fan-out or a raised epoch; the revision orders the writes, so the order of claims is free.
 */
export function startBuilder(options: BuilderOptions): Builder {
  const stop = new AbortController();
  const roster = new ViewRoster(options);
  const alarmClock = new AlarmClock();
  const lanes = Array.from({ length: options.lanes ?? 2 }, (_, lane) =>
    runLane(options, roster, alarmClock, lane % 2 === 0 ? 'oldest_first' : 'newest_first', stop.signal),
  );
  return {
    wake: () => alarmClock.ring(),
    idle: () => waitUntilIdle(options.pool, roster, stop.signal),
    close: async () => {
      stop.abort();
      await Promise.all(lanes);
    },
  };
}

async function runLane(
  options: BuilderOptions,
  roster: ViewRoster,
  alarmClock: AlarmClock,
  order: ClaimOptions['order'],
  signal: AbortSignal,
): Promise<void> {
  const floor = new Floor();
  let quietMs = POLL.firstMs;
  let failures = 0;
  while (!signal.aborted) {
    const heard = alarmClock.rings;
    const outcome = await runClaim(options, roster, order, floor);
    failures = outcome === 'failed' || outcome === 'held_up' ? failures + 1 : 0;
    if (failures > 0) await sleep(backoffDelay(PAUSE, failures), signal);
    else if (outcome === 'nothing_due') await alarmClock.sleep(quietMs, heard, signal);
    quietMs = outcome === 'nothing_due' ? Math.min(quietMs * 2, POLL.longestMs) : POLL.firstMs;
  }
}

type ClaimResult = ClaimedOutcome | 'nothing_due' | 'failed';

async function runClaim(
  options: BuilderOptions,
  roster: ViewRoster,
  order: ClaimOptions['order'],
  floor: Floor,
): Promise<ClaimResult> {
  const limit = options.batch ?? 500;
  try {
    const views = await roster.views();
    if (views.length === 0) return 'nothing_due';
    return await withClient(options.claimPool, async (claim) => {
      // The claim is open while the index answers; a process that stops then must not hold back vacuum for ever.
      await claim.query(
        `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = ${options.deadlineMs * 4}`,
      );
      const marks = await claimMarks(claim, {
        views,
        limit,
        order,
        floor: order === 'oldest_first' ? floor.value : '0',
      });
      floor.note(marks, limit);
      const outcomes: ClaimedOutcome[] = [];
      for (const [view, ofView] of Map.groupBy(marks, (mark) => mark.view)) {
        outcomes.push(await buildClaimed(options, claim, view, ofView));
      }
      await claim.query('COMMIT');
      if (outcomes.includes('foreign')) roster.expire();
      return summarize(outcomes);
    });
  } catch (error) {
    options.logger.error(
      { err: error },
      `A claim of marks was rolled back, its marks are kept: ${messageOf(error)}`,
    );
    return 'failed';
  }
}

function summarize(outcomes: readonly ClaimedOutcome[]): ClaimResult {
  if (outcomes.includes('built')) return 'built';
  if (outcomes.includes('held_up')) return 'held_up';
  return outcomes.length === 0 ? 'nothing_due' : 'foreign';
}

async function waitUntilIdle(pool: Pool, roster: ViewRoster, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    roster.expire();
    // A claimed mark stays visible to others until its claim commits, so this also waits for claims in flight.
    const { rows } = await pool.query<{ left: boolean }>(
      'SELECT EXISTS (SELECT FROM mark WHERE view = ANY($1)) AS left',
      [await roster.views()],
    );
    if (rows[0]?.left === false) return;
    await sleep(POLL.firstMs * 2, signal);
  }
}

/**
 * The lowest `seq` worth looking at while a backlog is worked off: the rows below the last full claim are dead or
 * claimed. A transaction that commits late puts rows below it, hence the full look every two seconds.
 */
class Floor {
  value = '0';
  #sweptAt = -Infinity;

  note(marks: readonly Mark[], limit: number): void {
    const sweep = marks.length < limit || performance.now() - this.#sweptAt >= FULL_SWEEP_MS;
    if (sweep) this.#sweptAt = performance.now();
    this.value = sweep
      ? '0'
      : marks
          .map((mark) => BigInt(mark.seq))
          .reduce((low, seq) => (seq < low ? seq : low))
          .toString();
  }
}

/** A sleep that a ring cuts short, one that came while its lane was still looking included. */
class AlarmClock {
  #rings = 0;
  readonly #wakers = new Set<() => void>();

  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings++;
    for (const wake of this.#wakers) wake();
  }

  /** Sleeps unless it rang since `heard` was read. */
  async sleep(ms: number, heard: number, signal: AbortSignal): Promise<void> {
    if (heard !== this.#rings) return;
    const cut = new AbortController();
    const wake = (): void => cut.abort();
    this.#wakers.add(wake);
    await sleep(ms, AbortSignal.any([signal, cut.signal]));
    this.#wakers.delete(wake);
  }
}
