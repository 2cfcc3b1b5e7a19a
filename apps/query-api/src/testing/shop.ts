import { orderSearch, sources } from '#commerce';
import { newId, silentLogger } from '#kernel';
import type { RunningApp } from '#kernel/http';
import {
  applyBatch,
  ensureCopyTables,
  ensureEpoch,
  ensureGenerations,
  migrateProjection,
  noBuildMetrics,
  startBuilder,
  startFanOut,
} from '#projection';
import { elasticsearchIndex } from '#search';
import { createTestSpace } from '#testing';
import { compile, computesOf, describe } from '#views';
import type pg from 'pg';
import { readQueryApiConfig } from '../config.js';
import { startQueryApi } from '../start.js';
import { listings, places } from './listings.js';
import { fill } from './serve.js';

/** What a service publishes of one aggregate. */
export interface Row {
  readonly source: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A query API over orders that a projector joins from what services publish, and over places. */
export interface Shop {
  readonly running: RunningApp;
  /** Applies what services publish, as their first version; the documents of it come when they are built. */
  publish(rows: readonly Row[]): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when the documents of `rows` are found. */
export async function openShop(rows: readonly Row[]): Promise<Shop> {
  const space = await createTestSpace({ databases: ['projection'], elasticsearch: true });
  const pool = space.pool('projection');
  const index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
  const { indexPrefix } = space;
  const logger = silentLogger;
  await migrateProjection(pool);
  await ensureCopyTables(
    pool,
    sources.map((source) => describe(source)),
  );
  await ensureEpoch(pool, logger);
  await ensureGenerations({ pool, index, indexPrefix, plans: [compile(orderSearch)], logger });
  await fill(index, `${indexPrefix}listings.1`, `${indexPrefix}listings`, listings, places);
  await inOneTransaction(pool, rows);
  const fanOut = startFanOut({ pool, logger });
  const builder = startBuilder({
    pool,
    claimPool: pool,
    lanes: 1,
    index,
    computes: computesOf(orderSearch),
    deadlineMs: 20_000,
    logger,
    metrics: noBuildMetrics,
  });
  await builder.idle();
  await index.refresh(`${indexPrefix}order-search`);
  const config = readQueryApiConfig({
    QUERY_API_PORT: '0',
    ELASTICSEARCH_URL: space.elasticsearchUrl,
    INDEX_PREFIX: indexPrefix,
    PROJECTION_DATABASE_URL: space.databaseUrl('projection'),
    CURSOR_SECRET: 'a secret of a test',
    LOG_LEVEL: 'silent',
  });
  const running = await startQueryApi(config, { signals: 'off', views: [orderSearch, listings] });
  return {
    running,
    publish: async (more) => {
      await inOneTransaction(pool, more);
      fanOut.wake();
      builder.wake();
    },
    async close() {
      await running.stop();
      await fanOut.close();
      await builder.close();
      await index.close();
      await space.dispose();
    },
  };
}

async function inOneTransaction(pool: pg.Pool, rows: readonly Row[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const changes = rows.map(({ source, id, data }) => ({
      source,
      id,
      epoch: 0,
      version: 1,
      deleted: false,
      occurredAt: '2026-01-01T00:00:00.000Z',
      eventId: newId(),
      traceparent: null,
      data: JSON.stringify({ id, ...data }),
    }));
    await applyBatch(client, changes);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}
