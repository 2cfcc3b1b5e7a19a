import type pg from 'pg';
import { openPool, silentLogger } from '#kernel';
import type { Envelope } from '#messaging';
import { elasticsearchIndex, type SearchIndex } from '#search';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { compile, computesOf, contractOf, type AnyView, type Source } from '#views';
import { applyDeliveries } from '../apply/apply-deliveries.js';
import { startBuilder, type Builder, type BuilderOptions } from '../build/builder.js';
import type { BuildContext } from '../build/build-roots.js';
import { ensureCopyTables } from '../copies/copy-table.js';
import { startFanOut, type FanOutWorker, type StartFanOutOptions } from '../fan-out/start-fan-out.js';
import { ensureEpoch } from '../generations/epoch.js';
import { ensureGenerations } from '../generations/ensure.js';
import { noMetrics } from '../metrics.js';
import { migrateProjection } from '../schema/migrate.js';
import { deliveryOf } from './deliveries.js';

/** Whose connections they are, as the server names them: what a test kills, it kills by role. */
export type Role = 'apply' | 'fan-out' | 'claim' | 'read';

/** A whole projection, from messages to documents; only the broker is left out. */
export interface Pipeline {
  readonly space: TestSpace;
  readonly index: SearchIndex;
  readonly context: BuildContext;
  /** What builders alarmed about, in order. */
  readonly alarms: readonly string[];
  readonly superseded: () => number;
  pool(role: Role): pg.Pool;
  /** Delivers the bodies of one batch, again and again until they are acknowledged, as a broker does. */
  deliver(messages: readonly (Envelope | string)[], pool?: pg.Pool): Promise<void>;
  startBuilder(more?: Partial<BuilderOptions>): Builder;
  startFanOut(more?: Partial<StartFanOutOptions>): FanOutWorker;
  /** Waits until neither a fan-out row nor a mark is left, claimed or not. */
  quiesce(): Promise<void>;
  /** The bodies of all documents of the alias, or of one index, by id. */
  documents(name?: string): Promise<ReadonlyMap<string, string>>;
  /** Ends all connections of a role on the server, whatever they are doing; answers how many. */
  kill(role: Role): Promise<number>;
  dispose(): Promise<void>;
}

export interface PipelineOptions {
  readonly sources: readonly Source[];
  readonly view: AnyView;
  /** Further views of the same sources. */
  readonly more?: readonly AnyView[];
  /** Absent is a real Elasticsearch. */
  readonly index?: SearchIndex;
}

export async function openPipeline({
  sources,
  view,
  more = [],
  index: given,
}: PipelineOptions): Promise<Pipeline> {
  const space = await createTestSpace({ databases: ['projection'], elasticsearch: given === undefined });
  const own = space.pool('projection');
  const logger = silentLogger;
  await migrateProjection(own);
  const contracts = sources.map((source) => contractOf(source));
  await ensureCopyTables(
    own,
    contracts.map(({ description }) => description),
  );
  await ensureEpoch(own, logger);
  const index = given ?? elasticsearchIndex({ node: space.elasticsearchUrl, logger });
  const plan = compile(view);
  await ensureGenerations({
    pool: own,
    index,
    indexPrefix: space.indexPrefix,
    plans: [plan, ...more.map(compile)],
    logger,
  });

  const pools = rolePools(space.databaseUrl('projection'));
  const alarms: string[] = [];
  let superseded = 0;
  const context: BuildContext = {
    pool: pools.read,
    index,
    computes: new Map([view, ...more].flatMap((one) => [...computesOf(one)])),
    deadlineMs: 10_000,
    logger,
    metrics: {
      documents: (_view, result, count) => void (superseded += result === 'superseded' ? count : 0),
      lag: () => {},
      alarm: (alarm) => void alarms.push(alarm),
    },
  };
  const workers: (Builder | FanOutWorker)[] = [];
  const started = <W extends Builder | FanOutWorker>(worker: W): W => (workers.push(worker), worker);
  const applying = {
    pool: pools.apply,
    sources: new Map(contracts.map((contract) => [contract.name, contract])),
    logger,
    metrics: noMetrics,
  };

  return {
    space,
    index,
    context,
    alarms,
    superseded: () => superseded,
    pool: (role) => pools[role],
    deliver: (messages, pool = pools.apply) =>
      eventually(
        () =>
          applyDeliveries(
            messages.map((message) => deliveryOf(message)),
            { ...applying, pool },
          ),
        { timeoutMs: 20_000 },
      ),
    startBuilder: (more) => started(startBuilder({ ...context, claimPool: pools.claim, lanes: 2, ...more })),
    startFanOut: (more) => started(startFanOut({ pool: pools['fan-out'], pollMs: 20, ...more })),
    quiesce: () => untilQuiet(own, workers),
    documents: async (name = `${space.indexPrefix}${plan.view}`) => {
      await index.refresh(name);
      const stored = await index.scan(name, null, 5_000);
      return new Map(stored.map(({ id, source }) => [id, source]));
    },
    kill: (role) => killRole(own, role),
    dispose: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all(Object.values(pools).map((pool) => pool.end()));
      await index.close();
      await space.dispose();
    },
  };
}

function rolePools(connectionString: string): Readonly<Record<Role, pg.Pool>> {
  const open = (role: Role): pg.Pool => {
    const pool = openPool({ connectionString, max: 4, application_name: role });
    // An idle connection that was killed is replaced; one in use fails its query.
    pool.on('error', () => undefined);
    return pool;
  };
  return { apply: open('apply'), 'fan-out': open('fan-out'), claim: open('claim'), read: open('read') };
}

/**
 * One statement, since a fan-out row becomes marks and both tables have to be empty at once. Rows that are claimed are
 * still visible here, until what they became has committed.
 */
function untilQuiet(pool: pg.Pool, workers: readonly (Builder | FanOutWorker)[]): Promise<void> {
  return eventually(
    async () => {
      for (const worker of workers) worker.wake();
      const { rows } = await pool.query<{ marks: number; keys: number }>(
        `SELECT (SELECT count(*)::int FROM mark) AS marks,
                (SELECT count(*)::int FROM fan_out) + (SELECT count(*)::int FROM fan_out_job) AS keys`,
      );
      const { marks = -1, keys = -1 } = rows[0] ?? {};
      if (marks !== 0 || keys !== 0) throw new Error(`${marks} marks and ${keys} fan-out rows are left`);
    },
    { timeoutMs: 20_000 },
  );
}

async function killRole(pool: pg.Pool, role: Role): Promise<number> {
  const { rowCount } = await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = $1`,
    [role],
  );
  return rowCount ?? 0;
}

/** Which documents are not what they should be, each with both texts; empty when all are. */
export function differences(
  actual: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
): readonly string[] {
  const ids = [...new Set([...actual.keys(), ...expected.keys()])].sort();
  return ids.flatMap((id) => {
    const [is, should] = [actual.get(id), expected.get(id)];
    if (is === should) return [];
    if (is === undefined) return [`${id} is missing, should be ${should}`];
    return [
      should === undefined
        ? `${id} should be absent, is ${is}`
        : `${id} is stale: ${is}, should be ${should}`,
    ];
  });
}
