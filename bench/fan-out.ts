import { newId, silentLogger, sleep } from '#kernel';
import { busNames, connectPublisher, eventTopology, type OutgoingMessage, type Publisher } from '#messaging';
import { aliasName, rebuild } from '#projection';
import { seededId } from '#projection/testing';
import { quantile } from './appearance.js';
import { fanOutLeast } from './arms/least-fan-out.js';
import { bulkBodies, sendRaw, type ReadyDocument } from './arms/raw-bulk.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { documentsOf } from './harness/checksum.js';
import { mustBe, timed, type Place } from './harness/projecting.js';
import { onProjectionBed } from './harness/projection-bed.js';
import { watchReadable } from './harness/readable.js';
import {
  compare,
  describeCpu,
  FLOOR_ROUNDS,
  format,
  inTurns,
  type Arm,
  type Rounds,
} from './harness/rounds.js';
import { startWorkers, type Workers } from './harness/workers.js';
import { customerRenamed, orderOf, orderPlaced } from './shop-events.js';

/** Documents that one change touches. */
const DOCUMENTS = { s: 10_000, m: 10_000, l: 100_000 };
const CUSTOMER = 1;
/** Orders placed a second beside it. */
const RATE = 50;
const QUIET_MS = 4_000;

export const fanOutBench: Bench = {
  name: 'fan-out',
  about:
    'Documents a second that follow from one change of a customer whom all of them show, by those of raw bulk requests of the same documents.',
  measure: (space, run) =>
    onProjectionBed(space, async (bed) => {
      await bed.seed({ orders: DOCUMENTS[run.scale], customers: CUSTOMER });
      await rebuild(bed.rebuilding);
      const publisher = connectPublisher({
        url: space.rabbitmqUrl,
        exchange: busNames(space.busPrefix).events,
        topology: eventTopology(space.busPrefix),
        logger: silentLogger,
      });
      while (publisher.state !== 'open') await sleep(10);
      const workers = startWorkers(space, bed);
      try {
        return await measure(
          { space, bed, alias: aliasName(space.indexPrefix, bed.plan.view), publisher, workers },
          run,
        );
      } finally {
        await publisher.close();
        await workers.close();
      }
    }),
};

interface World extends Place {
  readonly alias: string;
  readonly publisher: Publisher;
  readonly workers: Workers;
}

async function measure(world: World, { scale, rounds, print }: Run): Promise<Measured> {
  const documents = DOCUMENTS[scale];
  const renames = { count: 0 };
  const now = await documentsNow(world);
  const arms = [renaming(world, documents, renames), indexing(world, now), leastOf(world, now)];
  const all = await inTurns(arms, rounds, print);
  for (const arm of all) print(describeCpu(arm));
  const [ours, other, least] = all as [Rounds, Rounds, Rounds];
  const [byFloor, floorByOther] = [compare(ours, least).ratio, compare(least, other).ratio];
  print(
    `looked up, read, decided and sent: ${floorByOther.toFixed(2)} of raw bulk; the fan-out has ${byFloor.toFixed(2)} of it`,
  );
  const lag = await lagBeside(world, renames, print);
  return {
    ...compare(ours, other),
    goal: 0.7,
    unit: 'documents/s',
    more: { lagRatio: lag, byFloor, floorByOther },
  };
}

/** From the event's publishing until no document is left that has another name. */
function renaming(world: World, documents: number, renames: { count: number }): Arm {
  const { bed, alias } = world;
  return {
    name: 'fan-out',
    work: async () => {
      const name = `renamed ${renames.count + 1}`;
      const rate = await timed(documents, () => rename(world, renames));
      const check = async (): Promise<void> => {
        await bed.index.refresh(alias);
        let renamed = 0;
        for await (const { source } of documentsOf(bed.index, alias))
          if (source.includes(`"${name}"`)) renamed += 1;
        mustBe('renamed documents', renamed, documents);
      };
      return { rate, check };
    },
  };
}

async function rename({ publisher, workers }: World, renames: { count: number }): Promise<void> {
  renames.count += 1;
  await publish(publisher, customerRenamed(CUSTOMER, renames.count + 1, `renamed ${renames.count}`));
  await workers.untilDone(renames.count, 'customer');
}

function indexing({ bed, space }: World, documents: readonly ReadyDocument[]): Arm {
  const shape = { documents: 2_000, inFlight: 2 };
  const name = `${space.indexPrefix}raw`;
  const bodies = bulkBodies(documents, shape);
  return {
    name: 'raw bulk',
    work: async () => {
      // Into an index that has them, as the change does.
      await bed.index.create(name, bed.plan);
      const rate = await timed(documents.length, () => sendRaw(space.elasticsearchUrl, name, bodies, shape));
      const check = async (): Promise<void> => {
        await bed.index.refresh(name);
        mustBe('documents', await bed.index.count(name), documents.length);
      };
      return { rate, check };
    },
  };
}

function leastOf({ bed, space }: World, documents: readonly ReadyDocument[]): Arm {
  const shape = { documents: 1_000, inFlight: 2 };
  const indexName = `${space.indexPrefix}raw`;
  const servers = { pool: bed.pool, elasticsearchUrl: space.elasticsearchUrl, indexName };
  const byId = new Map(documents.map((document) => [document.id, document]));
  return {
    name: 'least',
    rounds: FLOOR_ROUNDS,
    work: async () => {
      await bed.index.create(indexName, bed.plan);
      const customer = seededId('customer', CUSTOMER);
      const rate = await timed(documents.length, () => fanOutLeast(servers, customer, byId, shape));
      const check = async (): Promise<void> => {
        await bed.index.refresh(indexName);
        mustBe('documents', await bed.index.count(indexName), documents.length);
      };
      return { rate, check };
    },
  };
}

async function documentsNow({ bed, alias }: World): Promise<readonly ReadyDocument[]> {
  await bed.index.refresh(alias);
  const documents: ReadyDocument[] = [];
  for await (const document of documentsOf(bed.index, alias)) documents.push(document);
  return documents;
}

/** How long new orders take to be readable while the change is worked off, by how long they take when nothing else is. */
async function lagBeside(
  world: World,
  renames: { count: number },
  print: (line: string) => void,
): Promise<number> {
  const { bed, alias, publisher } = world;
  const readable = watchReadable(bed.index, alias);
  const placing = new AbortController();
  const placed = (async () => {
    while (!placing.signal.aborted) {
      const state = orderOf(newId(), newId(), newId());
      readable.expect(state.id);
      await Promise.all([publish(publisher, orderPlaced(state)), sleep(1_000 / RATE, placing.signal)]);
    }
  })();
  try {
    await sleep(2_000);
    readable.soFar();
    await sleep(QUIET_MS);
    const quiet = quantile(readable.soFar(), 0.99);
    const until = performance.now() + QUIET_MS;
    // The next one begins when the last one is nearly done, whatever has been placed meanwhile.
    while (performance.now() < until) await renameAndWait(world, renames);
    const beside = quantile(readable.soFar(), 0.99);
    print(
      `orders readable by id, p99: ${format(quiet)} ms when nothing else is, ${format(beside)} ms beside the change`,
    );
    return beside / quiet;
  } finally {
    placing.abort();
    await placed;
    await readable.taken();
    await readable.stop();
  }
}

/** `untilDone` would wait for the marks of orders that are placed all the while. */
async function renameAndWait({ bed: { pool }, publisher }: World, renames: { count: number }): Promise<void> {
  renames.count += 1;
  const version = renames.count + 1;
  await publish(publisher, customerRenamed(CUSTOMER, version, `renamed ${renames.count}`));
  for (;;) {
    await sleep(20);
    const { rows } = await pool.query<{ waits: boolean }>(
      `SELECT NOT EXISTS (SELECT FROM copy_customer WHERE version = $1)
           OR EXISTS (SELECT FROM fan_out UNION ALL SELECT FROM fan_out_job)
           OR EXISTS (SELECT FROM mark WHERE priority = 1) AS waits`,
      [version],
    );
    if (rows[0]?.waits === false) return;
  }
}

async function publish(publisher: Publisher, message: OutgoingMessage): Promise<void> {
  const [outcome] = await publisher.publish([message]);
  if (outcome?.kind !== 'confirmed') throw new Error('The broker did not take an event.');
}
