import { silentLogger, sleep } from '#kernel';
import { pickGeneration, rebuild, verifyDocuments } from '#projection';
import { seededId } from '#projection/testing';
import { busNames, connectPublisher, eventTopology, type Publisher } from '#messaging';
import { bulkBodies, sendRaw, type ReadyDocument } from './arms/raw-bulk.js';
import type { BenchSpace } from './bench-space.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { documentsOf } from './harness/checksum.js';
import { openLoop, p99 } from './harness/open-loop.js';
import { mustBe } from './harness/projecting.js';
import { onProjectionBed, type ProjectionBed } from './harness/projection-bed.js';
import { startProjectionProcess, type ProjectionProcess } from './harness/projection-process.js';
import { format } from './harness/rounds.js';
import { median, spread } from './harness/statistics.js';
import type { ArmProcess } from './harness/arm-process.js';
import { startQueryApiProcess } from './query-api-process.js';
import { orderChanged, seededOrder } from './shop-events.js';

const ORDERS = { s: 10_000, m: 50_000, l: 500_000 };
/** A second; every second read is a list. */
const READS = 60;
const WRITES = 20;
const BEFORE_SECONDS = 4;
/** The least that a rebuild should keep of its rate. */
const LEAST_SHARE = 0.6;

export const rebuildUnderLoadBench: Bench = {
  name: 'rebuild-under-load',
  about:
    'The 99th percentile of reads while a view is rebuilt and orders change, by that of before; with the rate of the rebuild by its rate alone, failed reads and lost changes.',
  measure: (space, run) =>
    onProjectionBed(space, async (bed) => {
      await bed.seed({ orders: ORDERS[run.scale] });
      await rebuild(bed.rebuilding);
      const { rabbitmqUrl: url, busPrefix } = space;
      const exchange = busNames(busPrefix).events;
      const topology = eventTopology(busPrefix);
      const publisher = connectPublisher({ url, exchange, topology, logger: silentLogger });
      const projector = await startProjectionProcess('projector', space);
      const rebuilding = await startProjectionProcess('rebuild', space);
      const api = await startQueryApiProcess(space);
      try {
        return await measure(
          { space, bed, publisher, projector, rebuilding, api, versions: new Map(), written: 0, nth: 0 },
          run,
        );
      } finally {
        await api.stop();
        await rebuilding.stop();
        await projector.stop();
        await publisher.close();
      }
    }),
};

interface World {
  readonly space: BenchSpace;
  readonly bed: ProjectionBed;
  readonly publisher: Publisher;
  readonly projector: ProjectionProcess;
  readonly rebuilding: ProjectionProcess;
  readonly api: ArmProcess;
  /** The last version that was published of each order that was changed, by its number. */
  readonly versions: Map<number, number>;
  written: number;
  nth: number;
}

interface Round {
  readonly before: number;
  readonly during: number;
  readonly alone: number;
  readonly rateShare: number;
  readonly failed: number;
}

async function measure(world: World, { scale, rounds, print }: Run): Promise<Measured> {
  const orders = ORDERS[scale];
  const all: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    const one = await once(world, orders);
    const { before, during, rateShare } = one;
    print(
      `${round === 0 ? 'warm' : `round ${round}`}: reads p99 ${format(before)} ms before, ${format(during)} during, at ${format(rateShare)} of the rate alone`,
    );
    if (round > 0) all.push(one);
  }
  const floor = await besideRawBulk(world, orders, LEAST_SHARE * median(all.map(({ alone }) => alone)));
  print(
    `beside raw bulk requests at ${LEAST_SHARE} of the rebuild's rate alone: p99 ${format(floor.during)} ms, ${format(floor.before)} before`,
  );
  const lost = await lostChanges(world);
  mustBe('lost changes', lost, 0);
  const ratios = all.map(({ before, during }) => during / before);
  return {
    ratio: median(ratios),
    goal: 1.5,
    ours: median(all.map(({ during }) => during)),
    other: median(all.map(({ before }) => before)),
    unit: 'ms',
    spread: spread(ratios),
    more: {
      rateRatio: median(all.map(({ rateShare }) => rateShare)),
      failedReads: all.reduce((sum, { failed }) => sum + failed, 0),
      lostUpdates: lost,
      floor: floor.during / floor.before,
    },
  };
}

/** A rebuild alone, then reads and writes alone, then all of it. */
async function once(world: World, orders: number): Promise<Round> {
  const alone = await timedRebuild(world, orders);
  const stopping = new AbortController();
  const writing = write(world, orders, stopping.signal);
  try {
    const before = await read(world, orders, BEFORE_SECONDS);
    const rebuilding = timedRebuild(world, orders);
    const during = await readUntil(world, orders, rebuilding);
    const rateShare = (await rebuilding) / alone;
    const failed = before.failed + during.failed;
    return { before: before.p99, during: during.p99, alone, rateShare, failed };
  } finally {
    stopping.abort();
    await writing;
  }
}

/**
 * What readers wait for however a rebuild is done: ready documents, one small request after the other, at the rate that a
 * rebuild should have left, with the changes beside it.
 */
async function besideRawBulk(
  world: World,
  orders: number,
  rate: number,
): Promise<{ readonly before: number; readonly during: number }> {
  const { space, bed } = world;
  const { indexName } = await pickGeneration(bed.pool, bed.plan.view, null);
  const documents: ReadyDocument[] = [];
  for await (const document of documentsOf(bed.index, indexName)) documents.push(document);
  const shape = { documents: Math.ceil(orders / 60), inFlight: 1 };
  const name = `${space.indexPrefix}raw`;
  await bed.index.create(name, bed.plan);
  const stopping = new AbortController();
  const writing = write(world, orders, stopping.signal);
  try {
    const before = await read(world, orders, BEFORE_SECONDS);
    const beganAt = performance.now();
    const sending = (async () => {
      for (const [nth, body] of bulkBodies(documents, shape).entries()) {
        await sendRaw(space.elasticsearchUrl, name, [body], shape);
        const dueAt = beganAt + (1_000 * shape.documents * (nth + 1)) / rate;
        await sleep(Math.max(0, dueAt - performance.now()));
      }
    })();
    const during = await readUntil(world, orders, sending);
    await sending;
    return { before: before.p99, during: during.p99 };
  } finally {
    stopping.abort();
    await writing;
  }
}

async function timedRebuild({ bed, rebuilding }: World, orders: number): Promise<number> {
  await bed.vacuum();
  return orders / (await rebuilding.run({ kind: 'rebuild' }));
}

interface Reads {
  readonly p99: number;
  readonly failed: number;
}

async function readUntil(world: World, orders: number, done: Promise<unknown>): Promise<Reads> {
  let isDone = false;
  const noted = done.then(() => (isDone = true));
  const times: number[] = [];
  let failed = 0;
  while (!isDone) {
    const second = await readFor(world, orders, 1);
    times.push(...second.times);
    failed += second.failed;
  }
  await noted;
  return { p99: p99(times), failed };
}

async function read(world: World, orders: number, seconds: number): Promise<Reads> {
  const { times, failed } = await readFor(world, orders, seconds);
  return { p99: p99(times), failed };
}

async function readFor(
  world: World,
  orders: number,
  seconds: number,
): Promise<{ readonly times: readonly number[]; readonly failed: number }> {
  let failed = 0;
  const times = await openLoop({
    rate: READS,
    count: READS * seconds,
    ask: async (nth) => {
      const id = seededId('order', 1 + ((nth * 7_919 + (world.nth += 1)) % orders));
      const path = nth % 2 === 0 ? `/${id}` : `?customer.tier=gold&sort=-placedAt&limit=20&total[gte]=${nth}`;
      const answer = await fetch(`${world.api.url}/views/order-search${path}`);
      await answer.arrayBuffer();
      if (answer.status !== 200) failed += 1;
    },
  });
  return { times, failed };
}

/** Changes orders at a steady rate; what is published last of each has to be in its document in the end. */
async function write(world: World, orders: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const n = 1 + ((world.written * 7_919) % orders);
    const version = (world.versions.get(n) ?? 1) + 1;
    const state = seededOrder(seededId('order', n), n, totalOf(version));
    const [outcome] = await world.publisher.publish([orderChanged(state, version)]);
    if (outcome?.kind !== 'confirmed') throw new Error('The broker did not take an event.');
    world.versions.set(n, version);
    world.written += 1;
    await sleep(1_000 / WRITES, signal);
  }
}

const totalOf = (version: number): number => 5_000_000 + version;

/** Documents that are not of the last change, and whatever else a verification finds. */
async function lostChanges({ bed, projector, versions, written }: World): Promise<number> {
  await projector.run({ kind: 'untilDone', deliveries: written });
  const generation = await pickGeneration(bed.pool, bed.plan.view, null);
  const { differences } = await verifyDocuments(bed.building, generation);
  const ids = [...versions.keys()].map((n) => seededId('order', n));
  const found = await bed.index.getMany(generation.indexName, ids, { deadlineMs: 30_000 });
  const old = [...versions].filter(
    ([n, version]) => !found.get(seededId('order', n))?.source.includes(`"total":${totalOf(version)},`),
  );
  return differences.length + old.length;
}
