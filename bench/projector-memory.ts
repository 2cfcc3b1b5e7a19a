import { join } from 'node:path';
import { seedOrders } from '#projection/testing';
import { sleep } from '#kernel';
import { aliasName } from '#projection';
import { checkoutFolder, startApp, untilReady } from '../stack/apps.js';
import { freePort } from '../stack/launch.js';
import type { BenchSpace } from './bench-space.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { mustBe } from './harness/projecting.js';
import { onProjectionBed, type ProjectionBed } from './harness/projection-bed.js';
import { median, spread } from './harness/statistics.js';
import { watchMemory } from './memory.js';

/** Orders; each is a document of its own, besides those of the other views. */
const ORDERS = {
  s: { few: 2_000, many: 20_000 },
  m: { few: 10_000, many: 200_000 },
  l: { few: 10_000, many: 1_000_000 },
};

export const memoryBench: Bench = {
  name: 'memory',
  about:
    'The most memory that a projector has while it builds many documents, by that of one that builds few.',
  measure: (space, run) => onProjectionBed(space, (bed) => measure(space, bed, run)),
};

/** Each takes as long as building all those orders. Memory does not jump about as times do: two tell as much as five. */
const MOST_ROUNDS = { s: 2, m: 3, l: 1 };

async function measure(space: BenchSpace, bed: ProjectionBed, run: Run): Promise<Measured> {
  const { few, many } = ORDERS[run.scale];
  const rounds = Math.min(run.rounds, MOST_ROUNDS[run.scale]);
  const seen: { ours: number; other: number }[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const other = await mostWhileBuilding(space, bed, few);
    const ours = await mostWhileBuilding(space, bed, many);
    seen.push({ ours, other });
    run.print(
      `round ${round}: ${few} orders ${Math.round(other)} MiB, ${many} orders ${Math.round(ours)} MiB`,
    );
  }
  const ratios = seen.map(({ ours, other }) => ours / other);
  return {
    ratio: median(ratios),
    goal: 1.3,
    ours: median(seen.map(({ ours }) => ours)),
    other: median(seen.map(({ other }) => other)),
    unit: 'MiB',
    spread: spread(ratios),
    rounds,
  };
}

/** The resident memory in MiB, sampled, of a projector's process that finds the copies there and no documents. */
async function mostWhileBuilding(space: BenchSpace, bed: ProjectionBed, orders: number): Promise<number> {
  await bed.empty();
  await seedOrders(bed.pool, { orders });
  const projector = startApp('projector', {
    port: await freePort(),
    env: {
      PROJECTION_DATABASE_URL: space.databaseUrl,
      RABBITMQ_URL: space.rabbitmqUrl,
      ELASTICSEARCH_URL: space.elasticsearchUrl,
      BUS_PREFIX: space.busPrefix,
      INDEX_PREFIX: space.indexPrefix,
      LOG_LEVEL: 'warn',
    },
    logFolder: join(checkoutFolder, '.prejoin/logs'),
  });
  try {
    const watch = watchMemory(projector.pid);
    const begun = performance.now();
    await untilReady(projector);
    while (await isWaiting(bed)) await sleep(500);
    watch.stop();
    const alias = aliasName(space.indexPrefix, bed.plan.view);
    await bed.index.refresh(alias);
    mustBe('documents', await bed.index.count(alias), orders);
    return watch.peak(begun, performance.now());
  } finally {
    await projector.stop();
  }
}

async function isWaiting({ pool }: ProjectionBed): Promise<boolean> {
  const { rows } = await pool.query<{ waits: boolean }>('SELECT EXISTS (SELECT FROM mark) AS waits');
  return rows[0]?.waits === true;
}
