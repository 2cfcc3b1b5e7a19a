import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { compile, one, view } from '#views';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import { change, markedRoots, orderSearch, shop, shopSources } from '../testing/shop.js';
import { estimateFanOut, type PathEstimate } from './estimate.js';

/** Two steps away from its root: the customer of the order that a payment is for. */
const payments = compile(
  view('payments', shop.payment, (p) => ({
    status: p.status,
    customer: one(p.orderId, (o) => one(o.customerId, (c) => c.name)),
  })),
);

let db: ProjectionDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  db = await openProjection(shopSources, [orderSearch, payments]);
  pool = db.pool;
});
afterAll(() => db.space.dispose());

const byPath = (estimates: readonly PathEstimate[]) =>
  Object.fromEntries(estimates.map(({ path, fanOut }) => [path, fanOut]));

/** What a change of each row really marks: the rows are changed one by one. */
async function marksOf(source: string, viewName: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ id: string }>(`SELECT id FROM copy_${source} ORDER BY id`);
  const counts = new Map<string, number>();
  for (const { id } of rows) {
    await db.markedBy(() =>
      pool.query(
        `UPDATE copy_${source} SET data = (data::jsonb || jsonb_build_object('name', $2::text))::json WHERE id = $1`,
        [id, `seen by ${viewName}`],
      ),
    );
    counts.set(id, (await markedRoots(pool, viewName)).length);
  }
  return counts;
}

describe('the estimated fan-out', () => {
  it('is what changes really mark, row by row, when the sample holds all rows', async () => {
    await db.apply(
      ...['c1', 'c2', 'c3'].map((id) => change('customer', id, 1, { name: id })),
      ...['p1', 'p2'].map((id) => change('product', id, 1, { sku: id, name: id })),
      ...Array.from({ length: 12 }, (_, at) =>
        change('order', `o${at}`, 1, {
          customerId: at < 9 ? 'c1' : 'c2',
          status: 'pending',
          total: 1,
          lines: [
            { productId: 'p1', quantity: 1 },
            ...(at % 4 === 0 ? [{ productId: 'p2', quantity: 1 }] : []),
          ],
        }),
      ),
      ...Array.from({ length: 5 }, (_, at) =>
        change('payment', `m${at}`, 1, { orderId: `o${at}`, status: 'due' }),
      ),
    );
    const orders = byPath(await estimateFanOut(pool, orderSearch));
    expect(orders).toEqual({
      '': { rows: 12, all: true, median: 1, p99: 1, most: 1, mostFrom: expect.any(String) },
      customer: { rows: 3, all: true, median: 3, p99: 9, most: 9, mostFrom: 'c1' },
      'lines.product': { rows: 2, all: true, median: 3, p99: 12, most: 12, mostFrom: 'p1' },
      payment: { rows: 5, all: true, median: 1, p99: 1, most: 1, mostFrom: expect.any(String) },
    });
    expect(byPath(await estimateFanOut(pool, payments))).toMatchObject({
      customer: { rows: 12, median: 0, p99: 1, most: 1 },
      'customer.customerId': { rows: 3, median: 0, p99: 5, most: 5, mostFrom: 'c1' },
    });

    expect(await marksOf('customer', 'order-search')).toEqual(
      new Map([
        ['c1', 9],
        ['c2', 3],
        ['c3', 0],
      ]),
    );
    expect(await marksOf('product', 'order-search')).toEqual(
      new Map([
        ['p1', 12],
        ['p2', 3],
      ]),
    );
    expect(await marksOf('customer', 'payments')).toEqual(
      new Map([
        ['c1', 5],
        ['c2', 0],
        ['c3', 0],
      ]),
    );
  });

  it('finds the one row that most share among many, which a sample does not', async () => {
    await db.apply(change('customer', 'whale', 1, { name: 'whale' }));
    await pool.query(
      `INSERT INTO copy_customer (id, epoch, version, deleted, occurred_at, event_id, data)
       SELECT id, 0, 1, false, now(), id, json_build_object('id', id, 'name', id)
       FROM generate_series(1, 3000) AS n, LATERAL (SELECT 'x' || n AS id) AS ids`,
    );
    await pool.query(
      `INSERT INTO copy_order (id, epoch, version, deleted, occurred_at, event_id, data)
       SELECT id, 0, 1, false, now(), id, json_build_object(
         'id', id, 'customerId', CASE WHEN n % 2 = 0 THEN 'whale' ELSE 'x' || n END, 'status', 'pending', 'total', 1,
         'lines', json_build_array())
       FROM generate_series(1, 3000) AS n, LATERAL (SELECT 'y' || n AS id) AS ids`,
    );
    await pool.query('ANALYZE copy_customer, copy_order');
    const { customer } = byPath(await estimateFanOut(pool, orderSearch, { sample: 50 }));
    expect(customer).toMatchObject({ rows: 50, all: false, most: 1_500, mostFrom: 'whale' });
    expect(customer).toMatchObject({ median: expect.any(Number) });
    const { median, p99 } = customer as { median: number; p99: number };
    expect([median <= 1, p99 <= 9]).toEqual([true, true]);
  });

  it('says what it could not find out, path by path', async () => {
    const quick = byPath(await estimateFanOut(pool, orderSearch, { timeoutMs: 1 }));
    expect(Object.keys(quick)).toEqual(['', 'customer', 'lines.product', 'payment']);
    const future = compile(
      view('future', shop.order, (o) => ({ customer: one(o.customerId, (c) => c.name) })),
    );
    const plan = {
      ...future,
      levels: future.levels.map((level) => ({ ...level, source: `${level.source}s` })),
    };
    expect(byPath(await estimateFanOut(pool, plan))).toEqual({
      '': { unknown: expect.stringContaining('copy_orders') },
      customer: { unknown: expect.stringContaining('copy_orders') },
    });
  });
});
