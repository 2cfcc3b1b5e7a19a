import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assemble, compile, computesOf, describe as describeSource, type LoadedRows } from '#views';
import { withClient } from '../../revision/client.js';
import { openBuilding, type Building } from '../../testing/building.js';
import { orderBook, orderBookSources } from '../../testing/order-book.js';
import { seededId, seedOrders } from '../../testing/seed-orders.js';
import { loadRows } from './load.js';
import { spanOf, type RootSpan } from './span.js';

const plan = compile(orderBook);
const orderAt = (n: number): string => seededId('order', n);
/** An order that has a payment and a shipment, and one that has both and is not there. */
const GONE = 10;

let world: Building;
beforeAll(async () => {
  world = await openBuilding({ sources: orderBookSources.map((source) => describeSource(source)) });
  await seedOrders(world.pool, { orders: 60, products: 20 });
  await world.pool.query('DELETE FROM copy_order WHERE id = $1', [orderAt(GONE)]);
  await world.pool.query('UPDATE copy_order SET deleted = true, data = NULL WHERE id = $1', [
    orderAt(GONE + 4),
  ]);
});
afterAll(() => world.dispose());

const load = (ids: readonly string[], span: RootSpan | null): Promise<LoadedRows> =>
  withClient(world.pool, (client) => loadRows(client, plan, ids, span));

async function rootsFrom(after: string, limit: number): Promise<readonly string[]> {
  const { rows } = await world.pool.query<{ id: string }>(
    'SELECT id FROM copy_order WHERE NOT deleted AND id > $1 ORDER BY id LIMIT $2',
    [after, limit],
  );
  return rows.map(({ id }) => id);
}

const idsOf = (rows: LoadedRows, level: string): readonly string[] =>
  (rows.get(level) ?? []).map(({ id }) => id).sort();

describe('roots that stand side by side', () => {
  it.each([1, 2, 7, 60])('give the same rows by range as by their keys, %i at a time', async (limit) => {
    let made = 0;
    for (
      let ids = await rootsFrom('', limit);
      ids.length > 0;
      ids = await rootsFrom(ids.at(-1) ?? '', limit)
    ) {
      const [byKeys, byRange] = [await load(ids, null), await load(ids, spanOf(ids))];
      for (const { id } of plan.levels) expect([id, idsOf(byRange, id)]).toEqual([id, idsOf(byKeys, id)]);
      const documents = (rows: LoadedRows): unknown => assemble(plan, ids, rows, computesOf(orderBook));
      expect(documents(byRange)).toEqual(documents(byKeys));
      made += ids.length;
    }
    expect(made).toBe(58);
  });

  it('load nothing of what refers to roots between them that are not there', async () => {
    const around = [orderAt(GONE - 1), orderAt(GONE + 6)];
    const { rows } = await world.pool.query(`SELECT FROM copy_payment WHERE "key_orderId" = $1`, [
      orderAt(GONE + 4),
    ]);
    const alive = await rootsFrom(orderAt(GONE - 2), 6);
    expect([rows.length, alive[0], alive.at(-1)]).toEqual([1, ...around]);
    const payments = (await load(alive, spanOf(alive))).get('payment') ?? [];
    expect(payments.map(({ data }) => data['orderId'])).not.toContain(orderAt(GONE));
    expect(payments.map(({ data }) => data['orderId'])).not.toContain(orderAt(GONE + 4));
    expect(payments.length).toBeGreaterThan(0);
  });
});

it('there is no span of no roots', () => {
  expect([spanOf([]), spanOf(['a']), spanOf(['a', 'b'])]).toEqual([
    null,
    { first: 'a', last: 'a' },
    { first: 'a', last: 'b' },
  ]);
});
