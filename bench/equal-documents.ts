import { Command } from 'commander';
import { orderSearch, sources } from '#commerce';
import { openPool, silentLogger } from '#kernel';
import {
  ensureCopyTables,
  ensureEpoch,
  ensureGenerations,
  migrateProjection,
  noBuildMetrics,
  startBuilder,
} from '#projection';
import { elasticsearchIndex } from '#search';
import { compile, computesOf, describe } from '#views';
import { print, runBench, type BenchSpace } from './bench-space.js';

interface Options {
  readonly orders: number;
  readonly rounds: number;
}

/** Three lines, so that a document is about as large as those of the demo. */
const INSERT_ORDERS = `
  INSERT INTO copy_order (id, epoch, version, deleted, occurred_at, event_id, data)
  SELECT id, 0, 1, false, now(), id, json_build_object(
    'id', id, 'customerId', 'nobody', 'status', 'pending', 'total', n, 'discount', 0,
    'placedAt', '2026-01-01T00:00:00.000Z', 'lines', (
      SELECT json_agg(json_build_object('productId', 'p' || line, 'quantity', line, 'unitPrice', 100))
      FROM generate_series(1, 3) AS line))
  FROM generate_series(1, $1::int) AS n, lateral (SELECT 'order-' || lpad(n::text, 30, '0') AS id) AS ids`;

/** Every total is another one, so that every root is marked and every document differs. */
const CHANGE_ORDERS = `
  UPDATE copy_order SET version = version + 1,
    data = jsonb_set(data::jsonb, '{total}', to_jsonb((data->>'total')::int + 1))::json`;

const MARK_ORDERS = `INSERT INTO mark (view, root_id, priority) SELECT 'order-search', id, 1 FROM copy_order`;

/** How many documents a second one builder makes of marks: of new roots, of changed ones, and of equal ones. */
async function measure(
  { databaseUrl, elasticsearchUrl, indexPrefix }: BenchSpace,
  options: Options,
): Promise<void> {
  const pool = openPool({ connectionString: databaseUrl, max: 4 });
  const claimPool = openPool({ connectionString: databaseUrl, max: 2 });
  const index = elasticsearchIndex({ node: elasticsearchUrl, logger: silentLogger });
  const counts: Record<string, number> = {};
  try {
    await migrateProjection(pool);
    await ensureCopyTables(
      pool,
      sources.map((source) => describe(source)),
    );
    await ensureEpoch(pool, silentLogger);
    await ensureGenerations({
      pool,
      index,
      indexPrefix,
      plans: [compile(orderSearch)],
      logger: silentLogger,
    });
    const build = async (what: string, marks: string, values: readonly unknown[] = []): Promise<void> => {
      await pool.query(marks, [...values]);
      const began = performance.now();
      const builder = startBuilder({
        pool,
        claimPool,
        index,
        computes: computesOf(orderSearch),
        deadlineMs: 30_000,
        logger: silentLogger,
        restMs: 0,
        metrics: {
          ...noBuildMetrics,
          documents: (_view, result, count) => void (counts[result] = (counts[result] ?? 0) + count),
        },
      });
      await builder.idle();
      const seconds = (performance.now() - began) / 1_000;
      await builder.close();
      print(`${what}: ${Math.round(options.orders / seconds)} documents/s`);
    };
    await build('new', INSERT_ORDERS, [options.orders]);
    for (let round = 0; round < options.rounds; round++) {
      await build('changed', CHANGE_ORDERS);
      await build('equal', MARK_ORDERS);
    }
    print(JSON.stringify(counts));
  } finally {
    await index.close();
    await Promise.all([pool.end(), claimPool.end()]);
  }
}

const program = new Command('npm run bench:equal --')
  .description('Builds documents that are new, changed, and equal to what the index holds.')
  .option('--orders <count>', 'roots', Number, 20_000)
  .option('--rounds <count>', 'how often they are changed, and built again without a change', Number, 3)
  .parse();

await runBench((space) => measure(space, program.opts<Options>()));
