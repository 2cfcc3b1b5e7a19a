import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { describe as describeSource, source, id, string } from '#views';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import {
  change,
  clearQueues,
  markedRoots,
  orderSearch,
  orderSearchWithNotes,
  shopSources,
} from '../testing/shop.js';
import type { TriggerRoute } from './trigger-routes.js';
import { sourceTriggers } from './trigger-sql.js';
import { installTriggers } from './triggers.js';

const lines = (...products: readonly string[]): readonly object[] =>
  products.map((productId) => ({ productId, quantity: 1 }));
const orderOf = (
  customerId: string,
  products: readonly string[],
  more: object = {},
): Record<string, unknown> => ({
  customerId,
  status: 'pending',
  total: 10,
  lines: lines(...products),
  ...more,
});

describe('the marks that a change of a copy leaves', () => {
  let db: ProjectionDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    db = await openProjection(shopSources, [orderSearch]);
    pool = db.pool;
  });
  afterAll(() => db.space.dispose());
  beforeEach(async () => {
    for (const table of ['order', 'customer', 'product', 'payment'])
      await pool.query(`DELETE FROM copy_${table}`);
    await db.apply(
      change('order', 'o1', 1, orderOf('c1', ['p1', 'p2'])),
      change('order', 'o2', 1, orderOf('c1', ['p2', 'p2'])),
      change('order', 'o3', 1, orderOf('c2', ['p3'])),
      change('customer', 'c1', 1, { name: 'Ada', note: null }),
      change('customer', 'c2', 1, { name: 'Bob', note: null }),
      change('product', 'p2', 1, { sku: 's', name: 'Cup' }),
    );
  });

  /** Triggers of one route beside those that stand; installing again takes them away. */
  const installByHand = async (route: TriggerRoute): Promise<void> => {
    const shapes = (_: string, path: string): { many: boolean } => ({ many: path.includes('.') });
    for (const sql of sourceTriggers('public', route.source, [route], shapes).create) await pool.query(sql);
  };

  it('reach the root itself, also when it is deleted', async () => {
    expect(
      await db.markedBy(() => db.apply(change('order', 'o1', 2, orderOf('c1', [], { total: 11 })))),
    ).toEqual(['o1']);
    expect(await db.markedBy(() => db.apply(change('order', 'o1', 3, null)))).toEqual(['o1']);
    expect(await db.markedBy(() => pool.query(`DELETE FROM copy_order WHERE id = 'o3'`))).toEqual(['o3']);
  });

  it('reach the roots that a partner points at, without a look-up', async () => {
    await db.apply(change('payment', 'y', 1, { orderId: 'o1', status: 'due' }));
    await clearQueues(pool);
    await db.apply(change('payment', 'y', 2, { orderId: 'o2', status: 'due' }));
    const { rows } = await pool.query('SELECT count(*)::int AS waiting FROM fan_out');
    expect(rows).toEqual([{ waiting: 0 }]);
    // The order that the payment left is built again as well.
    expect(await markedRoots(pool)).toEqual(['o1', 'o2']);
    expect(await db.markedBy(() => db.apply(change('payment', 'y', 3, null)))).toEqual(['o2']);
  });

  it('reach the roots that list items point at, those that they left as well', async () => {
    // A route as a view over products would have it that reads the orders of each.
    await installByHand({
      view: 'demand',
      source: 'order',
      start: 'lines.productId',
      steps: [],
      columns: ['lines'],
    });
    await clearQueues(pool);
    await db.apply(change('order', 'o1', 2, orderOf('c1', ['p2', 'p5'])));
    expect(await markedRoots(pool, 'demand')).toEqual(['p1', 'p2', 'p5']);
    await clearQueues(pool);
    await db.apply(change('order', 'o1', 3, null));
    expect(await markedRoots(pool, 'demand')).toEqual(['p2', 'p5']);
    await installTriggers(pool, [orderSearch]);
  });

  it('reach the roots that point at a partner, in a column and in list items', async () => {
    expect(
      await db.markedBy(() => db.apply(change('customer', 'c1', 2, { name: 'Eve', note: null }))),
    ).toEqual(['o1', 'o2']);
    expect(await db.markedBy(() => db.apply(change('product', 'p2', 2, { sku: 's', name: 'Mug' })))).toEqual([
      'o1',
      'o2',
    ]);
    expect(await db.markedBy(() => db.apply(change('product', 'p3', 1, { sku: 't', name: 'New' })))).toEqual([
      'o3',
    ]);
    expect(await db.markedBy(() => db.apply(change('customer', 'c2', 2, null)))).toEqual(['o3']);
  });

  it('are left out when no column that the view reads has changed', async () => {
    expect(
      await db.markedBy(() => db.apply(change('customer', 'c1', 2, { name: 'Ada', note: 'nice' }))),
    ).toEqual([]);
    expect(
      await db.markedBy(() => db.apply(change('product', 'p2', 2, { sku: 'other', name: 'Cup' }))),
    ).toEqual([]);
    expect(
      await db.markedBy(() =>
        db.apply(change('order', 'o3', 2, orderOf('c2', ['p3'], { status: 'confirmed' }))),
      ),
    ).toEqual([]);
  });

  it('are left by a delete even when no column that the route reads was there to change', async () => {
    await installByHand({ view: 'noted', source: 'customer', start: 'id', steps: [], columns: ['note'] });
    await db.apply(change('customer', 'c2', 2, {}));
    await clearQueues(pool);
    await db.apply(change('customer', 'c2', 3, null));
    expect(await markedRoots(pool, 'noted')).toEqual(['c2']);
    await installTriggers(pool, [orderSearch]);
  });

  it('are left by a hand-written UPDATE as by an event', async () => {
    const renamed = `UPDATE copy_customer SET data = '{"id":"c2","name":"by hand"}' WHERE id = 'c2'`;
    expect(await db.markedBy(() => pool.query(renamed))).toEqual(['o3']);
    expect(await db.markedBy(() => pool.query('UPDATE copy_order SET version = version + 1'))).toEqual([]);
  });

  it('carry the time of the event, the oldest of a statement', async () => {
    await clearQueues(pool);
    const at = (occurredAt: string): object => ({ occurredAt });
    await db.apply(
      change('payment', 'y1', 1, { orderId: 'o1', status: 'due' }, at('2026-01-05T00:00:00.000Z')),
      change('payment', 'y2', 1, { orderId: 'o1', status: 'due' }, at('2026-01-03T00:00:00.000Z')),
    );
    const { rows } = await pool.query<{ occurred_at: Date }>('SELECT occurred_at FROM mark');
    expect(rows.map((row) => row.occurred_at.toISOString())).toEqual(['2026-01-03T00:00:00.000Z']);
  });

  it('come to the same roots whichever of several copies arrives first', async () => {
    const events = [
      change('customer', 'c9', 1, { name: 'Zed', note: null }),
      change('order', 'o9', 1, orderOf('c9', ['p9'])),
      change('product', 'p9', 1, { sku: 'z', name: 'Zip' }),
      change('payment', 'y9', 1, { orderId: 'o9', status: 'paid' }),
    ];
    for (const order of [events, [...events].reverse()]) {
      await pool.query(`DELETE FROM copy_order WHERE id = 'o9'; DELETE FROM copy_customer WHERE id = 'c9';
                        DELETE FROM copy_product WHERE id = 'p9'; DELETE FROM copy_payment WHERE id = 'y9'`);
      for (const [index, event] of order.entries()) {
        const marked = await db.markedBy(() => db.apply(event, event));
        // A partner that comes before its order has nobody to mark yet: the order's own mark covers it.
        const isKnown =
          order.slice(0, index + 1).some((one) => one.source === 'order') || event.source === 'payment';
        expect(marked).toEqual(isKnown ? ['o9'] : []);
      }
    }
  });
});

describe('installing triggers', () => {
  let db: ProjectionDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    db = await openProjection(shopSources, [orderSearch]);
    pool = db.pool;
  });
  afterAll(() => db.space.dispose());
  beforeEach(async () => {
    await pool.query('DELETE FROM generation');
    await installTriggers(pool, [orderSearch]);
  });

  const register = (number: number, plan: object, state: string): Promise<unknown> =>
    pool.query(
      `INSERT INTO generation (view, number, index_name, fingerprint, plan, state)
       VALUES ('order-search', $1, $2, 'f', $3, $4)`,
      [number, `order-search.f.${number}`, JSON.stringify(plan), state],
    );
  const triggers = async (table: string): Promise<readonly string[]> => {
    const { rows } = await pool.query<{ tgname: string }>(
      `SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND tgname LIKE 'prejoin_mark%' ORDER BY 1`,
      [table],
    );
    return rows.map((row) => row.tgname);
  };
  const functions = async (): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_proc WHERE proname LIKE 'prejoin_mark%'`,
    );
    return rows[0]?.n ?? 0;
  };

  it('changes nothing where the union stays the same, and waits for nobody there', async () => {
    const before = await triggers('copy_order');
    const writer = await pool.connect();
    try {
      await writer.query('BEGIN');
      await writer.query('UPDATE copy_order SET version = version');
      await installTriggers(pool, [orderSearch, orderSearch], { lockTimeoutMs: 50, deadlineMs: 0 });
    } finally {
      await writer.query('ROLLBACK');
      writer.release();
    }
    expect(await triggers('copy_order')).toEqual(before);
    expect(before).toHaveLength(3);
  });

  it('makes triggers under new names and leaves none of the old ones behind', async () => {
    const before = await triggers('copy_customer');
    const unchanged = await triggers('copy_product');
    await installTriggers(pool, [orderSearchWithNotes]);
    const after = await triggers('copy_customer');
    expect(after).toHaveLength(3);
    expect(after.filter((name) => before.includes(name))).toEqual([]);
    expect(await triggers('copy_product')).toEqual(unchanged);
    expect(await functions()).toBe(12);
  });

  it('covers every generation that is not retired, also of plans that it was not told', async () => {
    await register(1, orderSearch, 'previous');
    await register(2, orderSearchWithNotes, 'live');
    await installTriggers(pool, []);
    await db.apply(
      change('order', 'o1', 1, orderOf('c1', [])),
      change('customer', 'c1', 1, { name: 'a', note: null }),
    );
    const noted = (version: number): Promise<readonly string[]> =>
      db.markedBy(() => db.apply(change('customer', 'c1', version, { name: 'a', note: `${version}` })));
    expect(await noted(2)).toEqual(['o1']);
    await pool.query(`UPDATE generation SET state = 'retired' WHERE number = 2`);
    await installTriggers(pool, []);
    expect(await noted(3)).toEqual([]);
  });

  it('takes all triggers away from copies that no view reads any more', async () => {
    await installTriggers(pool, []);
    expect(await functions()).toBe(0);
    expect(await triggers('copy_order')).toEqual([]);
  });

  it('registers in the same transaction, so that neither stands without the other', async () => {
    const failed = installTriggers(pool, [orderSearchWithNotes], {
      register: () => Promise.reject(new Error('no room for an index')),
    });
    await expect(failed).rejects.toThrow('no room for an index');
    const before = await triggers('copy_customer');
    await installTriggers(pool, [orderSearch]);
    expect(await triggers('copy_customer')).toEqual(before);
  });

  it('says which copies are held when it can not get them', async () => {
    const writer = await pool.connect();
    try {
      await writer.query('BEGIN');
      await writer.query('LOCK TABLE copy_customer IN ROW EXCLUSIVE MODE');
      const refused = installTriggers(pool, [orderSearchWithNotes], { lockTimeoutMs: 50, deadlineMs: 0 });
      await expect(refused).rejects.toMatchObject({ code: 'triggers_blocked' });
    } finally {
      await writer.query('ROLLBACK');
      writer.release();
    }
  });

  it('names the copy or key that a plan needs and the database does not have', async () => {
    const keyless = [describeSource(source('order', { id: id(), status: string() }))];
    const other = await openProjection(keyless, []);
    try {
      await expect(installTriggers(other.pool, [orderSearch])).rejects.toMatchObject({
        code: 'copy_missing',
      });
    } finally {
      await other.space.dispose();
    }
  });
});
