import { rebuild } from '#projection';
import type { BenchSpace } from './bench-space.js';
import { bulkBodies, sendRaw, type BulkShape, type ReadyDocument } from './arms/raw-bulk.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { checksum, documentsOf } from './harness/checksum.js';
import { onProjectionBed, type ProjectionBed } from './harness/projection-bed.js';
import {
  compare,
  describeCpu,
  FLOOR_ROUNDS,
  format,
  inTurns,
  type Arm,
  type Rounds,
} from './harness/rounds.js';
import { rowsAndBulk } from './arms/rows-and-bulk.js';

const ORDERS = { s: 20_000, m: 100_000, l: 500_000 };

export const rebuildBench: Bench = {
  name: 'rebuild',
  about:
    'Documents a second of a whole rebuild (register, read copies, join, index, verify, swap) by those of raw bulk requests of the same documents, ready made.',
  measure: (space, run) => onProjectionBed(space, (bed) => measure(space, bed, run)),
};

async function measure(
  space: BenchSpace,
  bed: ProjectionBed,
  { scale, rounds, print }: Run,
): Promise<Measured> {
  const orders = ORDERS[scale];
  await bed.seed({ orders });
  const { indexName } = await rebuild(bed.rebuilding);
  const right = await checksum(bed.index, indexName);
  if (right.documents !== orders) throw new Error(`${right.documents} documents of ${orders} orders.`);
  const ready: ReadyDocument[] = [];
  for await (const document of documentsOf(bed.index, indexName)) ready.push(document);
  const bytes = ready.reduce((sum, { source }) => sum + Buffer.byteLength(source), 0);
  print(`${orders} documents of ${Math.round(bytes / orders)} bytes`);

  const bedOf: Raw = { space, bed, ready, hash: right.hash };
  const shape = await bestShape(bedOf, print);
  const arms = [rebuilding(bed, orders, right.hash), raw(bedOf, shape), least(bedOf, shape)];
  const all = (await inTurns(arms, rounds, print)) as [Rounds, Rounds, Rounds];
  for (const arm of all) print(describeCpu(arm));
  const [ours, other, floor] = all;
  const [floorRatio, byFloor] = [compare(floor, other).ratio, compare(ours, floor).ratio];
  print(
    `reading all rows twice and sending ready documents: ${floorRatio.toFixed(2)} of raw; ours by that: ${byFloor.toFixed(2)}`,
  );
  return { ...compare(ours, other), goal: 0.7, unit: 'documents/s', more: { floorRatio, byFloor } };
}

function rebuilding(bed: ProjectionBed, orders: number, hash: string): Arm {
  return {
    name: 'rebuild',
    work: async () => {
      await bed.vacuum();
      const startedAt = performance.now();
      const { indexName } = await rebuild(bed.rebuilding);
      const seconds = (performance.now() - startedAt) / 1_000;
      return { rate: orders / seconds, check: () => mustHold(bed, indexName, hash) };
    },
  };
}

interface Raw {
  readonly space: BenchSpace;
  readonly bed: ProjectionBed;
  readonly ready: readonly ReadyDocument[];
  readonly hash: string;
}

/** Its clock starts with an index to be made and ends when all is visible, as that of a rebuild. */
function raw({ space, bed, ready, hash }: Raw, shape: BulkShape): Arm {
  const bodies = bulkBodies(ready, shape);
  const name = `${space.indexPrefix}raw`;
  return {
    name: 'raw bulk',
    work: async () => {
      await bed.index.drop(name);
      const startedAt = performance.now();
      await bed.index.create(name, bed.plan);
      await sendRaw(space.elasticsearchUrl, name, bodies, shape);
      await bed.index.refresh(name);
      const seconds = (performance.now() - startedAt) / 1_000;
      return { rate: ready.length / seconds, check: () => mustHold(bed, name, hash) };
    },
  };
}

/** The same clock, with the rows that documents are made from read twice. */
function least({ space, bed, ready, hash }: Raw, shape: BulkShape): Arm {
  const bodies = bulkBodies(ready, shape);
  const ids = ready.map(({ id }) => id).sort();
  const indexName = `${space.indexPrefix}least`;
  const { pool, index } = bed;
  const { elasticsearchUrl } = space;
  return {
    name: 'least rebuild',
    rounds: FLOOR_ROUNDS,
    work: async () => {
      await index.drop(indexName);
      const startedAt = performance.now();
      await index.create(indexName, bed.plan);
      await rowsAndBulk({ pool, index, elasticsearchUrl, indexName, ids, bodies, shape });
      const seconds = (performance.now() - startedAt) / 1_000;
      return { rate: ready.length / seconds, check: () => mustHold(bed, indexName, hash) };
    },
  };
}

/** The fastest size and number of requests in flight for this machine, each tried once on a part of the documents. */
async function bestShape(bed: Raw, print: (line: string) => void): Promise<BulkShape> {
  const part = { ...bed, ready: bed.ready.slice(0, 20_000) };
  let best = { shape: { documents: 1_000, inFlight: 2 }, rate: 0 };
  for (const documents of [1_000, 4_000])
    for (const inFlight of [2, 4]) {
      const shape = { documents, inFlight };
      const arm = raw(part, shape);
      const { rate } = await arm.work(0);
      if (rate > best.rate) best = { shape, rate };
    }
  const { documents, inFlight } = best.shape;
  print(
    `raw bulk is fastest with ${documents} documents a request, ${inFlight} in flight: ${format(best.rate)}/s`,
  );
  return best.shape;
}

async function mustHold(bed: ProjectionBed, name: string, hash: string): Promise<void> {
  const found = await checksum(bed.index, name);
  if (found.hash !== hash)
    throw new Error(`The ${found.documents} documents of '${name}' are not those of the others.`);
}
