import { isDeepStrictEqual } from 'node:util';
import { consumeEach } from './arms/naive/consume-each.js';
import { openFirstForm } from './arms/naive/first-form.js';
import type { Form } from './arms/naive/order-event.js';
import { createNaiveTables, emptyNaiveTables } from './arms/naive/tables.js';
import { openTunedForm } from './arms/naive/tuned-form.js';
import type { ReadyDocument } from './arms/raw-bulk.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { documentsOf } from './harness/checksum.js';
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
import { compare, describeCpu, inTurns, type Arm, type Rounds } from './harness/rounds.js';
import { seededCustomers, seededProducts } from './shop-events.js';

/** The slower a side is, the fewer events of the same kind it gets: its rate is what counts. */
const EVENTS = {
  s: { ours: 5_000, first: 500, tuned: 2_500 },
  m: { ours: 50_000, first: 2_000, tuned: 10_000 },
  l: { ours: 200_000, first: 10_000, tuned: 50_000 },
};
const FIRST = { prefetch: 10, handlers: 10 };
const TUNED = { prefetch: 200, handlers: 50, connections: 10 };

export const naiveBench: Bench = {
  name: 'naive',
  about:
    'Events a second from a full queue to correct documents, by those of the consumer that a team writes first, and of its tuned form.',
  measure: (space, run) => onProjectionBed(space, (bed) => measure({ space, bed }, run)),
};

async function measure(place: Place, { scale, rounds, print }: Run): Promise<Measured> {
  const { bed, space } = place;
  await bed.seed({ orders: 0, customers: seededCustomers, products: seededProducts });
  await createNaiveTables(bed.pool);
  const counts = EVENTS[scale];
  print(
    `each event another order: ${counts.ours} of them, ${counts.first} to the first form, ${counts.tuned} to the tuned`,
  );
  const events = eventsOf(counts.ours, counts.ours);
  const documents: ReadyDocument[] = [];
  const servers = { ...space, indexName: `${space.indexPrefix}naive` };
  const first = await openFirstForm(servers);
  const tuned = openTunedForm(servers, TUNED);
  try {
    const arms = [
      projecting(place, { name: 'projector', events }, documents),
      oneByOne(place, {
        name: 'first form',
        form: first,
        ...FIRST,
        events: events.slice(0, counts.first),
        documents,
      }),
      oneByOne(place, {
        name: 'tuned form',
        form: tuned,
        ...TUNED,
        events: events.slice(0, counts.tuned),
        documents,
      }),
    ];
    const all = (await inTurns(arms, rounds, print)) as [Rounds, Rounds, Rounds];
    for (const arm of all) print(describeCpu(arm));
    const byTuned = compare(all[0], all[2]);
    const more = { ratioTuned: byTuned.ratio, spreadTuned: byTuned.spread, tuned: byTuned.other };
    return { ...compare(all[0], all[1]), goal: 30, unit: 'events/s', more };
  } finally {
    await tuned.close();
    await first.close();
  }
}

interface OneByOne {
  readonly name: string;
  readonly form: Form;
  readonly prefetch: number;
  readonly handlers: number;
  readonly events: readonly Event[];
  /** What the projector made of the same events, and of more. */
  readonly documents: readonly ReadyDocument[];
}

function oneByOne(place: Place, { name, form, prefetch, handlers, events, documents }: OneByOne): Arm {
  const { bed, space } = place;
  const index = `${space.indexPrefix}naive`;
  return {
    name,
    work: async () => {
      await emptyNaiveTables(bed.pool);
      await bed.index.drop(index);
      await bed.index.create(index, bed.plan);
      await fillQueue(place, events);
      const messages = events.length;
      const rate = await timed(messages, () =>
        consumeEach(brokerOf(place), { messages, prefetch, handlers }, (body) => form.handle(body)),
      );
      return { rate, check: () => mustBeSame(place, index, events, documents) };
    },
  };
}

/** Every document has to have the fields and values of the projector's. */
async function mustBeSame(
  { bed }: Place,
  index: string,
  events: readonly Event[],
  documents: readonly ReadyDocument[],
): Promise<void> {
  await bed.index.refresh(index);
  const right = new Map(documents.map(({ id, source }) => [id, source]));
  let found = 0;
  for await (const { id, source } of documentsOf(bed.index, index)) {
    found += 1;
    const expected = right.get(id);
    if (expected === undefined || !isDeepStrictEqual(JSON.parse(source), JSON.parse(expected)))
      throw new Error(`Document ${id} is ${source} instead of ${expected ?? 'none'}`);
  }
  mustBe('documents', found, events.length);
}
