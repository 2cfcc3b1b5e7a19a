import type pg from 'pg';
import { type Logger, messageOf, openPool } from '#kernel';
import { ensureCopyTables, ensureEpoch, ensureGenerations, migrateProjection } from '#projection';
import { elasticsearchIndex, type SearchIndex } from '#search';
import type { ProjectionConfig } from './config.js';
import { declaredViews, type Declared } from './views.js';

/** The connections to the projection's database and index, and what is declared. */
export interface Projection {
  readonly config: ProjectionConfig;
  readonly declared: Declared;
  readonly index: SearchIndex;
  readonly logger: Logger;
  /** A pool that `close` ends; a connection of it that dies while idle is logged and replaced. */
  openPool(max: number): pg.Pool;
  close(): Promise<void>;
}

/** Connects lazily: a server that is away is no fault here. */
export function openProjection(config: ProjectionConfig, logger: Logger): Projection {
  const index = elasticsearchIndex({ node: config.ELASTICSEARCH_URL, logger });
  const pools: pg.Pool[] = [];
  return {
    config,
    declared: declaredViews(),
    index,
    logger,
    openPool: (max) => {
      const pool = openPool({
        connectionString: config.PROJECTION_DATABASE_URL,
        max,
        connectionTimeoutMillis: 10_000,
        application_name: 'prejoin-projector',
      });
      pool.on('error', (error) =>
        logger.warn({ reason: messageOf(error) }, 'An idle database connection was lost'),
      );
      pools.push(pool);
      return pool;
    },
    close: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      await index.close();
    },
  };
}

/**
 * Brings database and index to what the code declares, in the order that a deploy needs: tables, columns of the copies
 * (PostgreSQL derives them from the data that is there: keys for sources, and what generations filter, sort and roll up
 * by), then triggers with the registration of first generations. All
 * of it may run any number of times, from several processes at once.
 */
export async function prepareProjection(
  { config, declared, index, logger }: Projection,
  pool: pg.Pool,
): Promise<void> {
  const migrated = await migrateProjection(pool);
  if (migrated.length > 0) logger.info({ migrations: migrated }, 'Migrated');
  await ensureCopyTables(pool, declared.sources, { logger });
  await ensureEpoch(pool, logger);
  const { plans, renamed } = declared;
  await ensureGenerations({ pool, index, indexPrefix: config.INDEX_PREFIX, plans, renamed, logger });
}
