import type { Pool } from 'pg';
import { installTriggers } from '../marks/triggers.js';
import { missingComputes, readGenerations, type Generation } from '../generations/generation.js';
import { withGenerationLock } from '../generations/generation-lock.js';
import { insertGeneration, nextNumber } from '../generations/insert-generation.js';
import { indexName } from '../generations/names.js';
import { copyTable } from '../schema/names.js';
import { abandonLocked } from './abandon.js';
import { NoGenerationError, RebuildNotRunnableError, RebuildRunningError } from './errors.js';
import type { RebuildOptions } from './options.js';

/** A rebuild that this process holds: new, or taken over from one that died. */
export interface Begun {
  readonly generation: Generation;
  readonly token: string;
  readonly scannedTo: string | null;
  readonly scanned: number;
  readonly total: number;
  readonly resumed: boolean;
}

/**
 * Registers a new generation, or takes over the unfinished one whose holder's lease ran out. An unfinished one of
 * another declaration is dropped first.
 * @throws {RebuildRunningError} while somebody holds the view's rebuild
 */
export function beginRebuild(options: RebuildOptions, leaseMs: number): Promise<Begun> {
  const { pool, plan, computes } = options;
  const missing = missingComputes(plan, computes);
  if (missing.length > 0) throw new RebuildNotRunnableError(plan.view, missing);
  return withGenerationLock(pool, async () => {
    const generations = await readGenerations(pool, plan.view);
    if (!generations.some(({ state }) => state === 'live')) throw new NoGenerationError(plan.view);
    const unfinished = generations.find(({ state }) => state === 'building');
    if (unfinished === undefined) return register(options, leaseMs);
    const taken = await takeOver(options, unfinished, leaseMs);
    if (unfinished.fingerprint === plan.fingerprint && unfinished.stopped === null) return taken;
    await abandonLocked(options, unfinished, taken.token);
    return register(options, leaseMs);
  });
}

/** The registration commits, with the triggers of the new union, before this returns: the scan must begin after it. */
async function register(options: RebuildOptions, leaseMs: number): Promise<Begun> {
  const { pool, index, plan, indexPrefix, holder, logger } = options;
  const number = await nextNumber(pool, plan.view);
  const name = indexName(indexPrefix, plan, number);
  await index.create(name, plan);
  const total = await countRoots(pool, plan.root);
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
  return { generation, token: '1', scannedTo: null, scanned: 0, total, resumed: false };
}

interface RebuildRow {
  readonly holder: string;
  readonly token: string;
  readonly scanned_to: string | null;
  readonly scanned: string;
  readonly total: string;
  readonly phase: string;
  readonly started_at: Date;
}

async function takeOver(
  { pool, holder }: RebuildOptions,
  generation: Generation,
  leaseMs: number,
): Promise<Begun> {
  const key = [generation.view, generation.number];
  const taken = await pool.query<RebuildRow>(
    `UPDATE rebuild SET holder = $3, token = token + 1, lease_until = now() + $4 * interval '1 millisecond'
     WHERE view = $1 AND number = $2 AND lease_until <= now()
     RETURNING *`,
    [...key, holder, leaseMs],
  );
  const row = taken.rows[0];
  if (row === undefined) throw await runningError(pool, generation);
  return {
    generation,
    token: row.token,
    scannedTo: row.scanned_to,
    scanned: Number(row.scanned),
    total: await countRoots(pool, generation.plan.root),
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
    since: row?.started_at ?? new Date(0),
    phase: row?.phase ?? 'ending',
    scanned: Number(row?.scanned ?? 0),
    total: Number(row?.total ?? 0),
  });
}

async function countRoots(pool: Pool, source: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${copyTable(source)} WHERE NOT deleted`,
  );
  return rows[0]?.count ?? 0;
}
