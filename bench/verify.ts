import { pickGeneration, rebuild, verifyDocuments } from '#projection';
import type { Bench, Measured, Run } from './harness/bench.js';
import { onProjectionBed, type ProjectionBed } from './harness/projection-bed.js';
import { compare, describeCpu, inTurns, type Arm, type Rounds } from './harness/rounds.js';

const ORDERS = { s: 10_000, m: 50_000, l: 500_000 };

export const verifyBench: Bench = {
  name: 'verify',
  about: 'Documents a second of a verification by content, both ways, by those of a whole rebuild.',
  measure: (space, run) => onProjectionBed(space, (bed) => measure(bed, run)),
};

async function measure(bed: ProjectionBed, { scale, rounds, print }: Run): Promise<Measured> {
  const orders = ORDERS[scale];
  await bed.seed({ orders });
  await rebuild(bed.rebuilding);
  const [ours, other] = (await inTurns([verifying(bed, orders), rebuilding(bed, orders)], rounds, print)) as [
    Rounds,
    Rounds,
  ];
  print(describeCpu(ours));
  print(describeCpu(other));
  return { ...compare(ours, other), goal: 3, unit: 'documents/s' };
}

function verifying(bed: ProjectionBed, orders: number): Arm {
  return {
    name: 'verify',
    work: async () => {
      const generation = await pickGeneration(bed.pool, bed.plan.view, null);
      const startedAt = performance.now();
      const { verdict, documents } = await verifyDocuments(bed.building, generation);
      const seconds = (performance.now() - startedAt) / 1_000;
      const check = (): Promise<void> =>
        verdict === 'equal' && documents === orders
          ? findsWhatIsMissing(bed)
          : Promise.reject(new Error(`${verdict}, ${documents} of ${orders} documents.`));
      return { rate: orders / seconds, check };
    },
  };
}

/** A verification that looks at nothing would be the fastest. */
async function findsWhatIsMissing(bed: ProjectionBed): Promise<void> {
  const generation = await pickGeneration(bed.pool, bed.plan.view, null);
  const [first] = await bed.index.scan(generation.indexName, null, 1);
  if (first === undefined) throw new Error('There is no document.');
  const { id, revision, source } = first;
  const target = { index: generation.indexName, id, revision };
  const change = (body: string) => bed.index.write([{ kind: 'index', ...target, body }], 30_000);
  await change(source.replace('"status":', '"status": '));
  await bed.index.refresh(generation.indexName);
  const { differences } = await verifyDocuments(bed.building, generation);
  await change(source);
  await bed.index.refresh(generation.indexName);
  if (differences.length !== 1 || differences[0]?.id !== id)
    throw new Error(`One document was spoilt, and ${differences.length} were found.`);
}

function rebuilding(bed: ProjectionBed, orders: number): Arm {
  return {
    name: 'rebuild',
    work: async () => {
      await bed.vacuum();
      const startedAt = performance.now();
      const { documents } = await rebuild(bed.rebuilding);
      const seconds = (performance.now() - startedAt) / 1_000;
      const check = (): Promise<void> =>
        documents === orders
          ? Promise.resolve()
          : Promise.reject(new Error(`${documents} of ${orders} documents.`));
      return { rate: orders / seconds, check };
    },
  };
}
