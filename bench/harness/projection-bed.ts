import type pg from 'pg';
import { orderSearch, sources } from '#commerce';
import { openPool, silentLogger } from '#kernel';
import {
  ensureCopyTables,
  ensureEpoch,
  ensureGenerations,
  migrateProjection,
  noBuildMetrics,
  type BuildContext,
  type RebuildOptions,
} from '#projection';
import { emptyDatabase, seedOrders, type SeededOrders } from '#projection/testing';
import { elasticsearchIndex, type SearchIndex } from '#search';
import { compile, computesOf, describe, type Plan } from '#views';
import { dropIndices } from '../../stack/clean-up.js';
import type { BenchSpace } from '../bench-space.js';

/** A projection database with the example domain's copies, and the index server: what builds and rebuilds need. */
export interface ProjectionBed {
  readonly pool: pg.Pool;
  readonly index: SearchIndex;
  readonly plan: Plan;
  /** Orders with customers, products, payments and shipments, as if their events had been applied; no marks are left. */
  seed(seeded: SeededOrders): Promise<void>;
  /** Does what autovacuum does where it is on: of each generation that is gone, rows were left behind. */
  vacuum(): Promise<void>;
  /** Takes all rows and indices away. */
  empty(): Promise<void>;
  readonly building: BuildContext;
  readonly rebuilding: RebuildOptions;
}

export async function onProjectionBed<T>(
  { databaseUrl, elasticsearchUrl, indexPrefix }: BenchSpace,
  use: (bed: ProjectionBed) => Promise<T>,
): Promise<T> {
  const pool = openPool({ connectionString: databaseUrl, max: 10 });
  const index = elasticsearchIndex({ node: elasticsearchUrl, logger: silentLogger });
  const plan = compile(orderSearch);
  const building = {
    pool,
    index,
    computes: computesOf(orderSearch),
    deadlineMs: 30_000,
    logger: silentLogger,
    metrics: noBuildMetrics,
  };
  try {
    await migrateProjection(pool);
    await ensureCopyTables(
      pool,
      sources.map((source) => describe(source)),
    );
    await ensureEpoch(pool, silentLogger);
    return await use({
      pool,
      index,
      plan,
      seed: async (seeded) => {
        await seedOrders(pool, seeded);
        await ensureGenerations({ pool, index, indexPrefix, plans: [plan], logger: silentLogger });
        // The first rebuild builds what the marks are for.
        await pool.query('DELETE FROM mark');
      },
      vacuum: async () => {
        await pool.query('VACUUM (ANALYZE) document, mark, rebuild, rebuild_range, generation');
      },
      empty: async () => {
        await dropIndices(elasticsearchUrl, indexPrefix);
        await emptyDatabase(pool);
        await ensureEpoch(pool, silentLogger);
      },
      building,
      rebuilding: {
        ...building,
        plan,
        indexPrefix,
        holder: 'the benchmark',
        keepPreviousMs: 0,
      },
    });
  } finally {
    await index.close();
    await pool.end();
  }
}
