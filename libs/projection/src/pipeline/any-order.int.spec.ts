import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#kernel';
import type { Envelope } from '#messaging';
import { eventually } from '#testing';
import { applyDeliveries } from '../apply/apply-deliveries.js';
import { startFanOut, type FanOutWorker } from '../fan-out/start-fan-out.js';
import type { Builder } from '../build/builder.js';
import { noMetrics } from '../metrics.js';
import { openBuilding, type Building } from '../testing/building.js';
import { deliveryOf, eventOf, receivedShop } from '../testing/deliveries.js';
import { randomFrom } from '../testing/random.js';
import { orderSearch } from '../testing/shop.js';

const line = (productId: string, quantity: number): object => ({ productId, quantity });

/** What happens in a small shop, as it happens: re-parenting, renames, deletions, a partner that comes last. */
const history: readonly Envelope[] = [
  eventOf('customer', 'c1', 1, { name: 'Ada', note: null }),
  eventOf('customer', 'c2', 1, { name: 'Bob', note: null }),
  eventOf('product', 'p1', 1, { sku: 's1', name: 'Lamp' }),
  eventOf('order', 'o1', 1, {
    customerId: 'c1',
    status: 'pending',
    total: 10,
    lines: [line('p1', 1), line('p2', 2)],
  }),
  eventOf('order', 'o2', 1, { customerId: 'c1', status: 'pending', total: 20, lines: [line('p2', 3)] }),
  eventOf('order', 'o3', 1, { customerId: 'c2', status: 'pending', total: 30, lines: [] }),
  eventOf('payment', 'y1', 1, { orderId: 'o2', status: 'due' }),
  eventOf('payment', 'y2', 1, { orderId: 'o3', status: 'due' }),
  eventOf('customer', 'c1', 2, { name: 'Ada Lovelace', note: null }),
  eventOf('order', 'o1', 2, { customerId: 'c2', status: 'confirmed', total: 11, lines: [line('p2', 2)] }),
  eventOf('product', 'p2', 1, { sku: 's2', name: 'Chair' }),
  eventOf('order', 'o3', 2, null),
  eventOf('customer', 'c1', 3, null),
  eventOf('payment', 'y2', 2, null),
  eventOf('product', 'p2', 2, { sku: 's2', name: 'Armchair' }),
  // Last of all, so that nothing else builds the order that the payment leaves.
  eventOf('payment', 'y1', 2, { orderId: 'o1', status: 'paid' }),
];

/** Written by hand from the last state of everything. */
const documents = {
  o1: {
    id: 'o1',
    total: 11,
    customer: { name: 'Bob' },
    lines: [{ quantity: 2, product: { name: 'Armchair' } }],
    payment: { status: 'paid' },
  },
  o2: {
    id: 'o2',
    total: 20,
    customer: null,
    lines: [{ quantity: 3, product: { name: 'Armchair' } }],
    payment: null,
  },
};

const byDependence = ['payment', 'order', 'customer', 'product'];
const shuffled = (seed: number): readonly Envelope[] => {
  const random = randomFrom(seed);
  const repeated = history.flatMap((event) => (random.chance(0.3) ? [event, event] : [event]));
  return repeated
    .map((event) => ({ event, at: random.below(1_000_000) }))
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);
};

const orders: readonly (readonly [string, readonly Envelope[]])[] = [
  ['as they happened', history],
  ['twice each', history.flatMap((event) => [event, event])],
  ['all of them, and then all of them again', [...history, ...history]],
  ['in reverse', [...history].reverse()],
  [
    'child before parent',
    [...history].sort((a, b) => byDependence.indexOf(a.source) - byDependence.indexOf(b.source)),
  ],
  [
    'deletions first, and the older events late',
    [...history.filter((event) => event.deleted), ...history.filter((event) => !event.deleted)],
  ],
  ...[1, 2, 3, 4].map((seed) => [`at random with repetitions (seed ${seed})`, shuffled(seed)] as const),
];

describe('the documents that come of one history', () => {
  let world: Building;
  let builder: Builder;
  let fanOut: FanOutWorker;

  beforeAll(async () => {
    world = await openBuilding();
    await world.ensure(orderSearch);
    builder = world.start();
    fanOut = startFanOut({ pool: world.pool, pollMs: 20 });
  });
  afterAll(async () => {
    await fanOut.close();
    await world.dispose();
  });

  // Every order of delivery has ids of its own, so that all meet in one index and none sees what another left.
  const apply = (events: readonly Envelope[], prefix: string): Promise<void> =>
    applyDeliveries(
      events.map((event) => deliveryOf(withPrefix(event, prefix))),
      {
        pool: world.pool,
        sources: new Map(receivedShop.map((source) => [source.description.name, source])),
        logger: silentLogger,
        metrics: noMetrics,
      },
    );

  const untilQuiet = async (): Promise<void> => {
    // A row that is being looked up stays visible until its marks are committed.
    await eventually(async () => {
      const { rowCount } = await world.pool.query('SELECT FROM fan_out UNION ALL SELECT FROM fan_out_job');
      expect(rowCount).toBe(0);
    });
    await builder.idle();
  };

  const served = async (prefix: string): Promise<unknown> => {
    const own = [...(await world.documents())].filter(([id]) => id.startsWith(prefix));
    return unprefixed(Object.fromEntries(own), prefix);
  };

  // Every order of delivery has ids of its own, so that all meet in one index and none sees what another left.
  it.each(orders.map(([how, events], n) => ({ how, events, prefix: `run${n}-` })))(
    'are the same when its events are delivered $how',
    async ({ events, prefix }) => {
      // Small batches, so that fan-out and builder work on states in between.
      for (let at = 0; at < events.length; at += 3) await apply(events.slice(at, at + 3), prefix);
      await untilQuiet();
      expect(await served(prefix)).toEqual(documents);
    },
  );

  it('are the same when every event is built before the next one comes', async () => {
    for (const event of history) {
      await apply([event], 'slow-');
      await untilQuiet();
    }
    expect(await served('slow-')).toEqual(documents);
  });
});

function withPrefix(event: Envelope, prefix: string): Envelope {
  const text = JSON.stringify(event.data, (key, value: unknown) =>
    /^(id|\w+Id)$/.test(key) && typeof value === 'string' ? prefix + value : value,
  );
  const data = JSON.parse(text) as Envelope['data'];
  return { ...event, aggregateId: prefix + event.aggregateId, data };
}

function unprefixed(value: unknown, prefix: string): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(prefix, ''));
}
