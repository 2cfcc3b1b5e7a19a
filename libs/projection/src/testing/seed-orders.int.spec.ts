import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { compile, computesOf, contractOf, describe as describeSource } from '#views';
import { orderBook, orderBookSources } from './order-book.js';
import { expectedDocuments, openBuilding, type Building } from './building.js';
import { seededId, seedOrders } from './seed-orders.js';

let world: Building;
beforeAll(async () => {
  world = await openBuilding({ sources: orderBookSources.map((source) => describeSource(source)) });
});
afterAll(() => world.dispose());

it('seeds states that keep the contract of their sources and belong together', async () => {
  await seedOrders(world.pool, { orders: 200, products: 20 });
  for (const source of orderBookSources) {
    const contract = contractOf(source);
    const { rows } = await world.pool.query<{ data: Record<string, unknown> }>(
      `SELECT data FROM copy_${source.name}`,
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { data } of rows)
      expect([data['id'], contract.received(data).faults]).toEqual([data['id'], []]);
  }
  const documents = await expectedDocuments(world.pool, compile(orderBook), computesOf(orderBook));
  expect(documents.size).toBe(200);
  expect(documents.get(seededId('order', 2))).toMatchObject({
    customer: { id: seededId('customer', 3) },
    payment: { status: 'due' },
    shipment: { carrier: 'Post' },
  });
});
