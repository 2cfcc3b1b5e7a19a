import { Command } from 'commander';
import pg from 'pg';
import { orderSearch, sources } from '#commerce';
import { silentLogger } from '#kernel';
import {
  ensureCopyTables,
  ensureEpoch,
  ensureGenerations,
  migrateProjection,
  noBuildMetrics,
  pickGeneration,
  rebuild,
  verifyDocuments,
} from '#projection';
import { seedOrders } from '#projection/testing';
import { elasticsearchIndex } from '#search';
import { compile, computesOf, describe } from '#views';
import { print, runBench, type BenchSpace } from './bench-space.js';

interface Options {
  readonly orders: number;
  readonly rounds: number;
}

/** The same documents are rebuilt and verified in turn, so that both have the same machine, as busy as it is. */
async function measure(
  { databaseUrl, elasticsearchUrl, indexPrefix }: BenchSpace,
  { orders, rounds }: Options,
): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  const index = elasticsearchIndex({ node: elasticsearchUrl, logger: silentLogger });
  const plan = compile(orderSearch);
  const context = {
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
    await seedOrders(pool, { orders });
    await ensureGenerations({ pool, index, indexPrefix, plans: [plan], logger: silentLogger });
    // The first rebuild builds what the marks are for.
    await pool.query('DELETE FROM mark');
    const ratios: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      let scanMs = 0;
      const rebuiltAt = performance.now();
      await rebuild({
        ...context,
        plan,
        indexPrefix,
        holder: 'the benchmark',
        keepPreviousMs: 0,
        yields: false,
        onProgress: ({ phase }) => {
          if (phase === 'scan') scanMs = performance.now() - rebuiltAt;
        },
      });
      const rebuildMs = performance.now() - rebuiltAt;
      const generation = await pickGeneration(pool, plan.view, null);
      const verifiedAt = performance.now();
      const { verdict, documents } = await verifyDocuments(context, generation);
      const verifyMs = performance.now() - verifiedAt;
      if (verdict !== 'equal' || documents !== orders) throw new Error(`${verdict}, ${documents} documents`);
      const rate = (ms: number): number => Math.round((orders / ms) * 1_000);
      ratios.push(scanMs / verifyMs);
      print(
        `round ${round}: rebuild ${rate(rebuildMs)}/s (its scan alone ${rate(scanMs)}/s), verify ${rate(verifyMs)}/s, ` +
          `${(rebuildMs / verifyMs).toFixed(1)} x the rebuild, ${(scanMs / verifyMs).toFixed(1)} x its scan`,
      );
    }
    ratios.sort((a, b) => a - b);
    print(`median: ${(ratios[Math.floor(rounds / 2)] ?? 0).toFixed(1)} x the scan`);
  } finally {
    await index.close();
    await pool.end();
  }
}

const program = new Command('npm run bench:verify --')
  .description('Rebuilds a view of orders and verifies it, in turn, and compares the documents a second.')
  .option('--orders <count>', 'documents', Number, 50_000)
  .option('--rounds <count>', 'how often', Number, 5)
  .parse();

await runBench((space) => measure(space, program.opts<Options>()));
