import type { Pool } from 'pg';
import { countRoots } from '../copies/root-ranges.js';
import { ensureDerived } from '../copies/ensure-derived.js';
import { refuseIfPaused } from '../pause/view-paused-error.js';
import { installTriggers } from '../marks/triggers.js';
import { missingComputes, readGenerations, type Generation } from '../generations/generation.js';
import { withGenerationLock } from '../generations/generation-lock.js';
import { insertGeneration, nextNumber } from '../generations/insert-generation.js';
import { indexName } from '../generations/names.js';
import { abandonLocked } from './abandon.js';
import {
  NoGenerationError,
  NothingToSwapError,
  RebuildNotRunnableError,
  RebuildRunningError,
  RebuildWaitingError,
} from './errors.js';
import { isHeld } from './lease.js';
import type { RebuildOptions } from './options.js';
import { isScanned } from './ranges.js';

/** A rebuild that this process holds: new, or taken over from one that died. */
export interface Begun {
  readonly generation: Generation;
  readonly token: string;
  readonly scanned: number;
  readonly total: number;
  readonly resumed: boolean;
}

/**
 * Registers a new generation, or takes over the unfinished one whose holder is gone. An unfinished one of another
 * declaration is dropped first; one that is complete is somebody's decision.
 * @throws {ViewPausedError} while the view is paused
 * @throws {RebuildRunningError} while somebody holds the view's rebuild
 * @throws {RebuildWaitingError} while a complete generation of another declaration waits for its swap
 */
export function beginRebuild(options: RebuildOptions, leaseMs: number): Promise<Begun> {
  const { pool, plan, computes } = options;
  const missing = missingComputes(plan, computes);
  if (missing.length > 0) throw new RebuildNotRunnableError(plan.view, missing);
  return withGenerationLock(pool, async () => {
    // Before hours of scanning, at whose end nothing would drain.
    await refuseIfPaused(pool, plan.view);
    const generations = await readGenerations(pool, plan.view);
    if (!generations.some(({ state }) => state === 'live')) throw new NoGenerationError(plan.view);
    const unfinished = generations.find(({ state }) => state === 'building');
    if (unfinished === undefined) return register(options, leaseMs);
    const same = unfinished.fingerprint === plan.fingerprint;
    if (!same && unfinished.stopped === null && (await isReady(pool, unfinished)))
      throw new RebuildWaitingError(plan.view, unfinished.indexName);
    const taken = await takeOver(options, unfinished, leaseMs);
    if (same && unfinished.stopped === null) return taken;
    await abandonLocked(options, unfinished, taken.token);
    return register(options, leaseMs);
  });
}

/**
 * Takes a generation over whose scan is complete, whoever declared it.
 * @throws {NothingToSwapError} when there is none
 * @throws {RebuildRunningError} while somebody holds it
 */
export function takeComplete(
  options: Pick<RebuildOptions, 'pool' | 'holder'>,
  view: string,
  leaseMs: number,
): Promise<Begun> {
  const { pool } = options;
  return withGenerationLock(pool, async () => {
    const generations = await readGenerations(pool, view);
    const unfinished = generations.find(({ state }) => state === 'building');
    if (unfinished === undefined) throw new NothingToSwapError(view, 'none');
    if (await isScanned(pool, unfinished)) return takeOver(options, unfinished, leaseMs);
    if (await isHeldBySomebody(pool, unfinished)) throw await runningError(pool, unfinished);
    throw new NothingToSwapError(view, 'unfinished');
  });
}

/**
 * The columns that the plan filters, sorts and rolls up by come first, filled from what is there, so that triggers and
 * builders of the new generation find them. The registration commits, with the triggers of the new union, before this
 * returns: the scan must begin after it.
 */
async function register(options: RebuildOptions, leaseMs: number): Promise<Begun> {
  const { pool, index, plan, indexPrefix, holder, logger } = options;
  const number = await nextNumber(pool, plan.view);
  const name = indexName(indexPrefix, plan, number);
  await ensureDerived(pool, [plan], { logger });
  const [, { count: total }] = await Promise.all([index.create(name, plan), countRoots(pool, plan.root)]);
  await installTriggers(pool, [plan], {
    logger,
    register: async (client) => {
      await insertGeneration(client, { plan, number, indexName: name, state: 'building' });
      await client.query(
        `INSERT INTO rebuild (view, number, holder, lease_until, token, total, phase)
         VALUES ($1, $2, $3, now() + $4 * interval '1 millisecond', 1, $5, 'scan')`,
        [plan.view, number, holder, leaseMs, total],
      );
    },
  });
  const generation = (await readGenerations(pool, plan.view)).find(
    (one) => one.number === number,
  ) as Generation;
  return { generation, token: '1', scanned: 0, total, resumed: false };
}

interface RebuildRow {
  readonly holder: string;
  readonly token: string;
  readonly scanned: string;
  readonly total: string;
  readonly phase: string;
  readonly held_since: Date;
}

async function takeOver(
  { pool, holder }: Pick<RebuildOptions, 'pool' | 'holder'>,
  generation: Generation,
  leaseMs: number,
): Promise<Begun> {
  const key = [generation.view, generation.number];
  const taken = await pool.query<RebuildRow>(
    `UPDATE rebuild SET
       holder = $3, token = token + 1, lease_until = now() + $4 * interval '1 millisecond',
       held_since = now(), session_token = NULL
     WHERE view = $1 AND number = $2 AND NOT ${isHeld}
     RETURNING *`,
    [...key, holder, leaseMs],
  );
  const row = taken.rows[0];
  if (row === undefined) throw await runningError(pool, generation);
  return {
    generation,
    token: row.token,
    scanned: Number(row.scanned),
    total: (await countRoots(pool, generation.plan.root)).count,
    resumed: true,
  };
}

async function runningError(pool: Pool, { view, number }: Generation): Promise<RebuildRunningError> {
  const { rows } = await pool.query<RebuildRow>('SELECT * FROM rebuild WHERE view = $1 AND number = $2', [
    view,
    number,
  ]);
  const row = rows[0];
  return new RebuildRunningError(view, {
    holder: row?.holder ?? 'a process that ends just now',
    since: row?.held_since ?? new Date(0),
    phase: row?.phase ?? 'ending',
    scanned: Number(row?.scanned ?? 0),
    total: Number(row?.total ?? 0),
  });
}

async function isReady(pool: Pool, { view, number }: Generation): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT FROM rebuild WHERE view = $1 AND number = $2 AND phase = 'ready'`,
    [view, number],
  );
  return rowCount !== 0;
}

async function isHeldBySomebody(pool: Pool, { view, number }: Generation): Promise<boolean> {
  const { rowCount } = await pool.query(`SELECT FROM rebuild WHERE view = $1 AND number = $2 AND ${isHeld}`, [
    view,
    number,
  ]);
  return rowCount !== 0;
}
