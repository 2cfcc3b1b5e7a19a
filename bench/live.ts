import { runPipelined } from './arms/pipelined.js';
import { bulkBodies, sendRaw, type ReadyDocument } from './arms/raw-bulk.js';
import { consumeRaw } from './arms/raw-consume.js';
import { emptyQueue } from './arms/raw-publish.js';
import { readPartners } from './arms/read-partners.js';
import { createRawTable, upsertRaw, type RawRow } from './arms/raw-upsert.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import {
  brokerOf,
  eventsOf,
  fillQueue,
  mustBe,
  projecting,
  timed,
  type Event,
  type Place,
} from './harness/projecting.js';
import { onProjectionBed } from './harness/projection-bed.js';
import {
  compare,
  describeCpu,
  FLOOR_ROUNDS,
  format,
  inTurns,
  type Arm,
  type Rounds,
} from './harness/rounds.js';

const EVENTS = { s: 5_000, m: 50_000, l: 200_000 };
/** Events of one document where keys are hot. */
const HOT = 10;

export const liveBench: Bench = {
  name: 'live',
  about:
    'Events a second from a full queue to correct documents, by what consuming, writing rows and indexing alone would take one after the other.',
  measure: (space, run) => onProjectionBed(space, (bed) => measure({ space, bed }, run)),
};

async function measure(place: Place, run: Run): Promise<Measured> {
  await createRawTable(place.bed.pool);
  const count = EVENTS[run.scale];
  run.print('each event another order:');
  const distinct = await against(place, eventsOf(count, count), run);
  run.print(`${HOT} events of each order, mixed:`);
  const hot = await against(place, eventsOf(count, count / HOT), run);
  const { ratio, spread, ours, other } = distinct;
  const more = {
    ratioHot: hot.ratio,
    spreadHot: hot.spread,
    byFloor: distinct.floor.ratio,
    byFloorHot: hot.floor.ratio,
    floorByOther: distinct.floor.other / other,
    floorByOtherHot: hot.floor.other / hot.other,
    atOnceByOther: distinct.atOnce.other / other,
    atOnceByOtherHot: hot.atOnce.other / hot.other,
  };
  return { ratio, spread, ours, other, goal: 1, unit: 'events/s', more };
}

type Compared = ReturnType<typeof compare>;

interface Against extends Compared {
  /** By all three stages at the same time, and nothing else. */
  readonly atOnce: Compared;
  /** By those with the reads that a join can not do without. */
  readonly floor: Compared;
}

async function against(place: Place, events: readonly Event[], { rounds, print }: Run): Promise<Against> {
  const documents: ReadyDocument[] = [];
  const arms = [
    projecting(place, { name: 'projector', events }, documents),
    consuming(place, events),
    upserting(place, events),
    indexing(place, events, documents),
    pipelining(place, events, documents, { name: 'at the same time', reads: false }),
    pipelining(place, events, documents, { name: 'and joined', reads: true }),
  ];
  const all = (await inTurns(arms, rounds, print)) as [Rounds, Rounds, Rounds, Rounds, Rounds, Rounds];
  for (const arm of all) print(describeCpu(arm));
  const [ours, consume, upsert, bulk, pipelined, joined] = all;
  const stages = [consume, upsert, bulk];
  const rates = ours.rates.map(
    (_, round) => 1 / stages.reduce((sum, { rates }) => sum + 1 / (rates[round] ?? NaN), 0),
  );
  const compared = compare(ours, { ...ours, name: 'one after the other', rates });
  print(`ratio ${compared.ratio.toFixed(2)}, spread ${Math.round(compared.spread * 100)} %`);
  const [atOnce, floor] = [compare(ours, pipelined), compare(ours, joined)];
  const byOther = ({ other }: typeof floor): string =>
    `${format(other)}, ${(other / compared.other).toFixed(2)} of one after the other`;
  print(`the three stages at the same time: ${byOther(atOnce)}`);
  print(`and what is joined read: ${byOther(floor)}; the projector has ${floor.ratio.toFixed(2)} of it`);
  return { ...compared, atOnce, floor };
}

function consuming(place: Place, events: readonly Event[]): Arm {
  const broker = brokerOf(place);
  return {
    name: 'consume',
    work: async () => {
      await fillQueue(place, events);
      const rate = await timed(events.length, () => consumeRaw(broker, events.length));
      return { rate, check: async () => mustBe('events left in the queue', await emptyQueue(broker), 0) };
    },
  };
}

function upserting({ bed: { pool } }: Place, events: readonly Event[]): Arm {
  const rows = events.map(({ row }) => row);
  const orders = new Set(rows.map(({ id }) => id)).size;
  return {
    name: 'upsert',
    work: async () => {
      await createRawTable(pool);
      const rate = await timed(events.length, () => upsertRaw(pool, rows));
      const check = async (): Promise<void> => {
        const found = await pool.query<{ rows: number; versions: number }>(
          'SELECT count(*)::int AS rows, sum(version)::int AS versions FROM raw_copy',
        );
        mustBe('rows', found.rows[0]?.rows ?? 0, orders);
        mustBe('versions', found.rows[0]?.versions ?? 0, events.length);
      };
      return { rate, check };
    },
  };
}

/** As many requests as there are events: without the projector nobody knows that a document is about to change again. */
function indexing({ space, bed }: Place, events: readonly Event[], documents: readonly ReadyDocument[]): Arm {
  const shape = { documents: 2_000, inFlight: 2 };
  const name = `${space.indexPrefix}raw`;
  return {
    name: 'bulk',
    work: async () => {
      await bed.index.drop(name);
      await bed.index.create(name, bed.plan);
      const times = events.length / documents.length;
      const bodies = bulkBodies(Array.from({ length: times }, () => documents).flat(), shape);
      const rate = await timed(events.length, () => sendRaw(space.elasticsearchUrl, name, bodies, shape));
      const check = async (): Promise<void> => {
        await bed.index.refresh(name);
        mustBe('documents', await bed.index.count(name), documents.length);
      };
      return { rate, check };
    },
  };
}

/** All stages at the same time; with `reads`, also what a document is joined from, of which nothing is made. */
function pipelining(
  place: Place,
  events: readonly Event[],
  documents: readonly ReadyDocument[],
  { name, reads }: { readonly name: string; readonly reads: boolean },
): Arm {
  const { pool, index, plan } = place.bed;
  const { elasticsearchUrl, indexPrefix } = place.space;
  const indexName = `${indexPrefix}raw`;
  const read = (rows: readonly RawRow[]): Promise<void> => readPartners(pool, rows);
  const pipeline = { ...brokerOf(place), pool, elasticsearchUrl, indexName, ...(reads ? { read } : {}) };
  return {
    name,
    rounds: FLOOR_ROUNDS,
    work: async () => {
      await createRawTable(pool);
      await index.drop(indexName);
      await index.create(indexName, plan);
      await fillQueue(place, events);
      const byId = new Map(documents.map((document) => [document.id, document]));
      const ready = events.map(({ row }) => ({ row, document: byId.get(row.id) as ReadyDocument }));
      const rate = await timed(events.length, () => runPipelined(pipeline, ready));
      const check = async (): Promise<void> => {
        await index.refresh(indexName);
        mustBe('documents', await index.count(indexName), documents.length);
        mustBe('events left in the queue', await emptyQueue(pipeline), 0);
      };
      return { rate, check };
    },
  };
}
