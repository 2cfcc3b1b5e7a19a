import type pg from 'pg';
import { type Logger, openPool, silentLogger } from '#kernel';
import { elasticsearchIndex, type SearchIndex, type StoredDocument } from '#search';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { assemble, loadFrom, type Computes, type LoadedRow, type Plan, type SourceDescription } from '#views';
import { applyBatch } from '../apply/apply-batch.js';
import type { Change } from '../apply/change.js';
import type { BuildContext } from '../build/build-roots.js';
import { startBuilder, type Builder, type BuilderOptions } from '../build/builder.js';
import { tablesOf } from '../build/load/load.js';
import { noBuildMetrics } from '../build/metrics.js';
import { ensureCopyTables } from '../copies/copy-table.js';
import { runFanOutChunk } from '../fan-out/run-fan-out.js';
import { ensureEpoch } from '../generations/epoch.js';
import { ensureGenerations } from '../generations/ensure.js';
import { readGenerations } from '../generations/generation.js';
import { readSnapshot } from '../revision/snapshot.js';
import { migrateProjection } from '../schema/migrate.js';
import { copyTable } from '../schema/names.js';
import { inTransaction } from '../schema/transaction.js';
import { emptyDatabase } from './empty-database.js';
import { shopSources } from './shop.js';

/** A projection database and an index of a spec's own, with copies of the shop's sources or of others. */
export interface Building {
  readonly space: TestSpace;
  readonly pool: pg.Pool;
  readonly index: SearchIndex;
  readonly context: BuildContext;
  /** Starts a builder that `dispose` closes; options override what it is made of. */
  start(options?: Partial<BuilderOptions>): Builder;
  /** Gives the plans their first generations. */
  ensure(...plans: readonly Plan[]): Promise<void>;
  apply(...changes: readonly Change[]): Promise<void>;
  fanOut(): Promise<void>;
  /** The documents of the alias, by id. */
  documents(view?: string): Promise<ReadonlyMap<string, unknown>>;
  /** Closes its builders and takes rows, views and indices away: for the next test of a file, in place of a world of its own. */
  empty(): Promise<void>;
  dispose(): Promise<void>;
}

export async function openBuilding(
  options: {
    computes?: Computes;
    logger?: Logger;
    sources?: readonly SourceDescription[];
    /** Of a server of the test's own; absent is the shared one. */
    elasticsearchUrl?: string;
  } = {},
): Promise<Building> {
  const { computes = new Map(), logger = silentLogger, sources = shopSources } = options;
  const space = await createTestSpace({ databases: ['projection'], elasticsearch: true });
  const pool = space.pool('projection');
  await migrateProjection(pool);
  await ensureCopyTables(pool, sources);
  await ensureEpoch(pool, logger);
  const index = elasticsearchIndex({ node: options.elasticsearchUrl ?? space.elasticsearchUrl, logger });
  const context: BuildContext = {
    pool,
    index,
    computes,
    deadlineMs: 10_000,
    logger,
    metrics: noBuildMetrics,
  };
  // Claims are held while documents are read: one pool for both could end with nothing but claims.
  const claimPool = openPool({ connectionString: space.databaseUrl('projection'), max: 4 });
  claimPool.on('error', () => undefined);
  const builders: Builder[] = [];
  return {
    space,
    pool,
    index,
    context,
    start: (more = {}) => {
      const builder = startBuilder({ ...context, claimPool, lanes: 1, ...more });
      builders.push(builder);
      return builder;
    },
    ensure: (...plans) => ensureGenerations({ pool, index, indexPrefix: space.indexPrefix, plans, logger }),
    apply: async (...changes) => {
      await inTransaction(pool, (client) => applyBatch(client, changes));
    },
    fanOut: async () => {
      while ((await runFanOutChunk(pool)).claimed > 0);
    },
    documents: async (view = 'order-search') => {
      await index.refresh(`${space.indexPrefix}${view}`);
      return storedDocuments(index, `${space.indexPrefix}${view}`);
    },
    empty: async () => {
      await Promise.all(builders.splice(0).map((builder) => builder.close()));
      await space.dropIndices();
      await emptyDatabase(pool);
      await ensureEpoch(pool, logger);
    },
    dispose: async () => {
      await Promise.all(builders.map((builder) => builder.close()));
      await claimPool.end();
      await index.close();
      await space.dispose();
    },
  };
}

/** Every document of an index, parsed, by id. */
export async function storedDocuments(
  index: SearchIndex,
  name: string,
): Promise<ReadonlyMap<string, unknown>> {
  const documents = new Map<string, unknown>();
  let page: readonly StoredDocument[];
  let after: string | null = null;
  do {
    page = await index.scan(name, after, 500);
    for (const { id, source } of page) documents.set(id, JSON.parse(source));
    after = page.at(-1)?.id ?? null;
  } while (page.length > 0);
  return documents;
}

/** What the copies say: every document of a plan, by id, from one snapshot of the whole tables and without the loader. */
export async function expectedDocuments(
  pool: pg.Pool,
  plan: Plan,
  computes: Computes = new Map(),
): Promise<ReadonlyMap<string, unknown>> {
  const options = { tables: tablesOf(plan), statementTimeoutMs: 10_000 };
  const { read } = await readSnapshot(pool, options, async (client) => {
    const tables: Record<string, readonly LoadedRow[]> = {};
    for (const { source } of plan.levels) {
      const { rows } = await client.query<LoadedRow>(
        `SELECT id, data FROM ${copyTable(source)} WHERE NOT deleted ORDER BY id`,
      );
      tables[source] = rows;
    }
    const ids = (tables[plan.root] ?? []).map((row) => row.id);
    return new Map(
      assemble(plan, ids, loadFrom(plan, ids, tables), computes).flatMap((made) =>
        'fault' in made || made.document === null ? [] : [[made.id, made.document] as const],
      ),
    );
  });
  return read;
}

export async function countMarks(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM mark');
  return rows[0]?.count ?? -1;
}

export function untilNoMarks(pool: pg.Pool, timeoutMs = 10_000): Promise<void> {
  return eventually(
    async () => {
      const left = await countMarks(pool);
      if (left > 0) throw new Error(`${left} marks are left`);
    },
    { timeoutMs },
  );
}

/** The index name of the view's generation in that state. */
export async function indexIn(pool: pg.Pool, state: string, view = 'order-search'): Promise<string> {
  const found = (await readGenerations(pool, view)).find((generation) => generation.state === state);
  if (found === undefined) throw new Error(`view ${view} has no generation that is ${state}`);
  return found.indexName;
}

/** Holds work at one point until it is let go, and tells when it got there. */
export interface Gate {
  /** Called by the work that is to be held. */
  readonly pass: () => Promise<void>;
  readonly reached: Promise<void>;
  readonly open: () => void;
}

export function gate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
    reached: reached.promise,
    open: opened.resolve,
  };
}
