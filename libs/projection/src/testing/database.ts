import type pg from 'pg';
import { createTestSpace, type TestSpace } from '#testing';
import type { Plan, SourceDescription } from '#views';
import { applyBatch } from '../apply/apply-batch.js';
import type { Change } from '../apply/change.js';
import { ensureCopyTables } from '../copies/copy-table.js';
import { runFanOutChunk, type FanOutOptions } from '../fan-out/run-fan-out.js';
import { installTriggers } from '../marks/triggers.js';
import { migrateProjection } from '../schema/migrate.js';
import { inTransaction } from '../schema/transaction.js';
import { clearQueues, markedRoots } from './shop.js';

/** A projection database of a spec's own: tables, copies, and the triggers of some plans. */
export interface ProjectionDatabase {
  readonly space: TestSpace;
  readonly pool: pg.Pool;
  /** Applies changes in one transaction of their own. */
  apply(...changes: readonly Change[]): Promise<void>;
  /** Runs the fan-out until nothing waits. */
  fanOut(options?: FanOutOptions): Promise<void>;
  /** What is marked after `work` and the fan-out that it causes, and nothing from before. */
  markedBy(work: () => Promise<unknown>): Promise<readonly string[]>;
}

export async function openProjection(
  sources: readonly SourceDescription[],
  plans: readonly Plan[],
): Promise<ProjectionDatabase> {
  const space = await createTestSpace({ databases: ['projection'] });
  const pool = space.pool('projection');
  await migrateProjection(pool);
  await ensureCopyTables(pool, sources);
  await installTriggers(pool, plans);

  const fanOut = async (options?: FanOutOptions): Promise<void> => {
    while ((await runFanOutChunk(pool, options)).claimed > 0);
  };
  return {
    space,
    pool,
    apply: async (...changes) => {
      await inTransaction(pool, (client) => applyBatch(client, changes));
    },
    fanOut,
    markedBy: async (work) => {
      await clearQueues(pool);
      await work();
      await fanOut();
      return markedRoots(pool);
    },
  };
}
