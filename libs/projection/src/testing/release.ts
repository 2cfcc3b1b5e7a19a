import type pg from 'pg';
import { type Logger, openPool, silentLogger } from '#kernel';
import type { Envelope } from '#messaging';
import { elasticsearchIndex, type SearchIndex } from '#search';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { compile, computesOf, contractOf, type AnyView, type Computes, type Plan, type Source } from '#views';
import { applyDeliveries } from '../apply/apply-deliveries.js';
import { noBuildMetrics } from '../build/metrics.js';
import { startBuilder, type Builder } from '../build/builder.js';
import type { BuildContext } from '../build/build-roots.js';
import { ensureCopyTables } from '../copies/copy-table.js';
import { startFanOut, type FanOutWorker } from '../fan-out/start-fan-out.js';
import { ensureEpoch } from '../generations/epoch.js';
import { ensureGenerations } from '../generations/ensure.js';
import { noMetrics } from '../metrics.js';
import type { RebuildOptions } from '../rebuild/options.js';
import { migrateProjection } from '../schema/migrate.js';
import { deliveryOf } from './deliveries.js';

/** One version of the code: what it declares of the one view that all versions have. */
export interface Release {
  readonly name: string;
  readonly sources: readonly Source[];
  readonly view: AnyView;
}

/** The database and the index that processes of any release share. */
export interface Installation {
  readonly space: TestSpace;
  readonly pool: pg.Pool;
  readonly index: SearchIndex;
  /** Starts a projector of a release as an app does: prepare database and index, then work. */
  start(release: Release, logger: Logger): Promise<Projector>;
  /** Waits until neither fan-out rows nor marks are left; `but` are indices whose own marks may stay. */
  quiesce(but?: readonly string[]): Promise<void>;
  dispose(): Promise<void>;
}

/** A running projector of one release. */
export interface Projector {
  readonly plan: Plan;
  readonly computes: Computes;
  /** Applies what the broker gave to this process. */
  deliver(events: readonly Envelope[]): Promise<void>;
  rebuildOptions(more?: Partial<RebuildOptions>): RebuildOptions;
  stop(): Promise<void>;
  /** Cuts its connections for good, whatever it is doing. */
  kill(): Promise<void>;
}

export async function openInstallation(): Promise<Installation> {
  const space = await createTestSpace({ databases: ['projection'], elasticsearch: true });
  const pool = space.pool('projection');
  const index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
  const running = new Set<Projector>();
  return {
    space,
    pool,
    index,
    start: async (release, logger) => {
      const projector = await startProjector(space, index, release, logger, (gone) => running.delete(gone));
      running.add(projector);
      return projector;
    },
    quiesce: (but = []) => untilQuiet(pool, but),
    dispose: async () => {
      for (const projector of [...running]) await projector.stop();
      await index.close();
      await space.dispose();
    },
  };
}

async function startProjector(
  space: TestSpace,
  index: SearchIndex,
  { name, sources, view }: Release,
  logger: Logger,
  onGone: (projector: Projector) => void,
): Promise<Projector> {
  const connectionString = space.databaseUrl('projection');
  const pools = Array.from({ length: 2 }, () => {
    const pool = openPool({ connectionString, max: 8, application_name: name });
    // An idle connection that was cut is replaced; one in use fails its query.
    pool.on('error', () => undefined);
    return pool;
  });
  const [pool, claimPool] = pools as [pg.Pool, pg.Pool];
  const contracts = sources.map((source) => contractOf(source));
  const plan = compile(view);
  const computes = computesOf(view);
  await migrateProjection(pool);
  await ensureCopyTables(
    pool,
    contracts.map(({ description }) => description),
  );
  await ensureEpoch(pool, logger);
  await ensureGenerations({ pool, index, indexPrefix: space.indexPrefix, plans: [plan], logger });

  const context: BuildContext = {
    pool,
    index,
    computes,
    deadlineMs: 10_000,
    logger,
    metrics: noBuildMetrics,
  };
  const workers: readonly (Builder | FanOutWorker)[] = [
    startBuilder({ ...context, claimPool, lanes: 2 }),
    startFanOut({ pool, pollMs: 20, logger }),
  ];
  const received = new Map(contracts.map((contract) => [contract.name, contract]));
  const projector: Projector = {
    plan,
    computes,
    deliver: (events) =>
      applyDeliveries(
        events.map((event) => deliveryOf(event)),
        { pool, sources: received, logger, metrics: noMetrics },
      ),
    rebuildOptions: (more) => ({
      ...context,
      plan,
      indexPrefix: space.indexPrefix,
      holder: name,
      chunk: 20,
      ...more,
    }),
    stop: async () => {
      onGone(projector);
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all(pools.map((one) => one.end()));
    },
    kill: async () => {
      onGone(projector);
      const ended = Promise.all(pools.map((one) => one.end()));
      await space
        .pool('projection')
        .query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [name]);
      await Promise.all(workers.map((worker) => worker.close()));
      await ended;
    },
  };
  return projector;
}

function untilQuiet(pool: pg.Pool, but: readonly string[]): Promise<void> {
  return eventually(
    async () => {
      const { rows } = await pool.query<{ marks: number; keys: number }>(
        `SELECT (SELECT count(*)::int FROM mark WHERE index_name IS NULL OR index_name <> ALL($1)) AS marks,
                (SELECT count(*)::int FROM fan_out) + (SELECT count(*)::int FROM fan_out_job) AS keys`,
        [but],
      );
      const { marks = -1, keys = -1 } = rows[0] ?? {};
      if (marks !== 0 || keys !== 0) throw new Error(`${marks} marks and ${keys} fan-out rows are left`);
    },
    { timeoutMs: 30_000 },
  );
}
