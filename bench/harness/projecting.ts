import { newId } from '#kernel';
import type { OutgoingMessage } from '#messaging';
import { pickGeneration, verifyDocuments } from '#projection';
import type { ReadyDocument } from '../arms/raw-bulk.js';
import { emptyQueue, publishRaw, type Broker } from '../arms/raw-publish.js';
import type { RawRow } from '../arms/raw-upsert.js';
import type { BenchSpace } from '../bench-space.js';
import { orderChanged, seededCustomers, seededOrder, seededProducts } from '../shop-events.js';
import { documentsOf } from './checksum.js';
import type { ProjectionBed } from './projection-bed.js';
import type { Arm } from './rounds.js';
import { startIdleWorkers } from './workers.js';

export interface Place {
  readonly space: BenchSpace;
  readonly bed: ProjectionBed;
}

export interface Event {
  readonly row: RawRow;
  readonly message: OutgoingMessage;
}

/** Versions of one order follow each other, and orders alternate in a way that is the same in every round. */
export function eventsOf(count: number, orders: number): readonly Event[] {
  const ids = Array.from({ length: orders }, () => newId());
  const versions = new Array<number>(orders).fill(0);
  return Array.from({ length: count }, (_, at) => {
    // A step that shares no factor with the number of orders visits each as often as the others.
    const n = (at * 7919) % orders;
    const version = (versions[n] = (versions[n] ?? 0) + 1);
    const id = ids[n] as string;
    const state = seededOrder(id, n, 1_000 * version);
    return { row: { id, version, data: JSON.stringify(state) }, message: orderChanged(state, version) };
  });
}

export const timed = async (events: number, work: () => Promise<void>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return events / ((performance.now() - startedAt) / 1_000);
};

/**
 * The projector's arm: from a full queue to correct documents, with customers and products known before. `events` is what
 * is delivered, of which `rate` counts `counted`; what it made is left in `documents`.
 */
export function projecting(
  place: Place,
  {
    name,
    events,
    counted = events.length,
  }: { readonly name: string; readonly events: readonly Event[]; readonly counted?: number },
  documents: ReadyDocument[],
): Arm {
  const { bed, space } = place;
  return {
    name,
    work: async () => {
      await bed.empty();
      await bed.seed({ orders: 0, customers: seededCustomers, products: seededProducts });
      await fillQueue(place, events);
      // A projector that runs has its connections to the database, as the arm that only upserts has.
      const workers = startIdleWorkers(space, bed);
      await workers.untilDone(0);
      const rate = await timed(counted, async () => {
        workers.consume();
        await workers.untilDone(events.length);
      });
      await workers.close();
      return { rate, check: () => mustBeRight(bed, events, documents) };
    },
  };
}

export async function fillQueue(place: Place, events: readonly Event[]): Promise<void> {
  const broker = brokerOf(place);
  // What was handled and not acknowledged when the side before ended comes again.
  await emptyQueue(broker);
  await publishRaw(
    broker,
    events.map(({ message }) => message),
    1_000,
  );
}

export const brokerOf = ({ space: { rabbitmqUrl, busPrefix } }: Place): Broker => ({
  url: rabbitmqUrl,
  busPrefix,
});

async function mustBeRight(
  bed: ProjectionBed,
  events: readonly Event[],
  documents: ReadyDocument[],
): Promise<void> {
  const generation = await pickGeneration(bed.pool, bed.plan.view, null);
  await bed.index.refresh(generation.indexName);
  const { verdict } = await verifyDocuments(bed.building, generation);
  if (verdict !== 'equal') throw new Error(`The documents are ${verdict}.`);
  documents.length = 0;
  for await (const document of documentsOf(bed.index, generation.indexName)) documents.push(document);
  const newest = new Map<string, number>();
  for (const { row } of events) newest.set(row.id, Math.max(row.version, newest.get(row.id) ?? 0));
  mustBe('documents', documents.length, newest.size);
  for (const { id, source } of documents)
    if (!source.includes(`"total":${1_000 * (newest.get(id) ?? 0)},`))
      throw new Error(`Document ${id} is not of the last event.`);
}

export function mustBe(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${found} ${what} instead of ${expected}.`);
}
