import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { eventually } from '#testing';
import { applyBatch } from '../apply/apply-batch.js';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import {
  change,
  clearQueues,
  markedRoots,
  orderSearch,
  shopSources,
  withOpenTransaction,
} from '../testing/shop.js';
import { fanOutChunk, runFanOutChunk } from './run-fan-out.js';
import { readFanOutJobs } from './running-jobs.js';
import { startFanOut } from './start-fan-out.js';

const ROOTS = 12;
const rootIds = Array.from({ length: ROOTS }, (_, index) => `o${String(index).padStart(2, '0')}`);

describe('fan-out', () => {
  let db: ProjectionDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    db = await openProjection(shopSources, [orderSearch]);
    pool = db.pool;
    const lines = [{ productId: 'p1', quantity: 1 }];
    await db.apply(
      ...rootIds.map((id) =>
        change('order', id, 1, { customerId: 'c1', status: 'pending', total: 1, lines }),
      ),
    );
  });
  afterAll(() => db.space.dispose());
  let version = 0;
  beforeEach(async () => {
    await clearQueues(pool);
    version += 1;
  });

  const renameCustomer = (): Promise<void> =>
    db.apply(change('customer', 'c1', version, { name: `name ${version}` }));
  const waiting = async (): Promise<readonly { attempts: number; due: boolean }[]> => {
    const { rows } = await pool.query<{ attempts: number; due: boolean }>(
      'SELECT attempts, due_at <= now() AS due FROM fan_out ORDER BY seq',
    );
    return rows;
  };
  const marks = async (): Promise<readonly string[]> => {
    const { rows } = await pool.query<{ root_id: string; priority: number }>(
      'SELECT root_id, priority FROM mark ORDER BY root_id',
    );
    return rows.map(({ root_id, priority }) => `${root_id}${priority === 0 ? '' : '*'}`);
  };

  it('marks few roots of a key as direct changes, and more of them as bulk', async () => {
    await renameCustomer();
    expect(await runFanOutChunk(pool, { directRoots: ROOTS })).toEqual({
      claimed: 1,
      marks: ROOTS,
      unfinished: 0,
      failed: 0,
    });
    expect(await marks()).toEqual(rootIds);
    await clearQueues(pool);
    version += 1;
    await renameCustomer();
    await runFanOutChunk(pool, { directRoots: ROOTS - 1 });
    expect(await marks()).toEqual(rootIds.map((id) => `${id}*`));
    expect(await runFanOutChunk(pool)).toEqual({ claimed: 0, marks: 0, unfinished: 0, failed: 0 });
  });

  it('looks a key up once that changed several times', async () => {
    await renameCustomer();
    await pool.query(
      `INSERT INTO fan_out (route, key) SELECT route, key FROM fan_out, generate_series(1, 4)`,
    );
    expect(await runFanOutChunk(pool)).toMatchObject({ claimed: 1, marks: ROOTS, unfinished: 0 });
    expect(await waiting()).toEqual([]);
  });

  it('makes a wide key a job, and does not hold back or lower those that were claimed with it', async () => {
    const few = [1, 2, 3].map((customer) => `few-${customer}`);
    await db.apply(
      ...few.map((id) =>
        change('order', `${id}-order`, version, { customerId: id, status: 'pending', total: 1, lines: [] }),
      ),
    );
    await clearQueues(pool);
    await db.apply(
      change('customer', few[0] ?? '', version, { name: 'a' }),
      change('customer', 'c1', version, { name: `name ${version}` }),
      change('customer', few[1] ?? '', version, { name: 'b' }),
      change('customer', few[2] ?? '', version, { name: 'c' }),
    );
    expect(await runFanOutChunk(pool, { chunk: 5, take: 'fresh' })).toMatchObject({
      claimed: 4,
      marks: 3,
      unfinished: 1,
    });
    expect(await marks()).toEqual(few.map((id) => `${id}-order`));
    expect(await waiting()).toEqual([]);
    expect(await readFanOutJobs(pool)).toMatchObject([
      { view: 'order-search', source: 'customer', key: 'c1' },
    ]);
    await pool.query(`DELETE FROM copy_order WHERE id LIKE 'few-%'`);
  });

  it('leaves keys to the next run when they would make the transaction long', async () => {
    const people = ['many-1', 'many-2', 'many-3'];
    const ordersOf = (id: string) =>
      [1, 2, 3].map((n) =>
        change('order', `${id}-${n}`, version, { customerId: id, status: 'pending', total: 1, lines: [] }),
      );
    await db.apply(...people.flatMap(ordersOf));
    await clearQueues(pool);
    await db.apply(...people.map((id) => change('customer', id, version, { name: id })));
    expect(await runFanOutChunk(pool, { chunk: 4 })).toEqual({
      claimed: 3,
      marks: 6,
      unfinished: 1,
      failed: 0,
    });
    expect(await waiting()).toEqual([{ attempts: 0, due: true }]);
    expect(await runFanOutChunk(pool, { chunk: 4 })).toEqual({
      claimed: 1,
      marks: 3,
      unfinished: 0,
      failed: 0,
    });
    await pool.query(`DELETE FROM copy_order WHERE id LIKE 'many-%'`);
  });

  it('puts back for later what can not be looked up, and does the rest', async () => {
    await pool.query(`
      INSERT INTO fan_out (route, key) VALUES
        ('{"view":"v","source":"x","start":"id","steps":[{"source":"gone","match":{"path":"a","many":false},"give":{"path":"id","many":false}}]}', 'k')`);
    await renameCustomer();
    expect(await runFanOutChunk(pool)).toMatchObject({ claimed: 2, marks: ROOTS, failed: 1 });
    expect(await waiting()).toEqual([{ attempts: 1, due: false }]);
    expect(await runFanOutChunk(pool)).toMatchObject({ claimed: 0 });
  });

  it('finds a root whose row commits after the change, where a look-up inside the change does not', async () => {
    const newOrder = change('order', 'z', version, {
      customerId: 'c9',
      status: 'pending',
      total: version,
      lines: [],
    });
    const race = async (lookUpInside: boolean): Promise<readonly string[]> => {
      await pool.query(`DELETE FROM copy_order WHERE id = 'z'`);
      await clearQueues(pool);
      await withOpenTransaction(pool, (orders) =>
        withOpenTransaction(pool, async (customers) => {
          await applyBatch(orders, [newOrder]);
          await applyBatch(customers, [
            change('customer', 'c9', version, { name: `n${version}` }, { epoch: Number(lookUpInside) }),
          ]);
          if (lookUpInside) await fanOutChunk(customers);
          await orders.query('COMMIT');
          // The order's own mark is built now: without the customer's change, which has not committed.
          await pool.query('DELETE FROM mark');
          await customers.query('COMMIT');
        }),
      );
      await db.fanOut();
      return markedRoots(pool);
    };
    expect(await race(false)).toEqual(['z']);
    expect(await race(true)).toEqual([]);
    await pool.query(`DELETE FROM copy_order WHERE id = 'z'`);
  });

  it('claims no more than it was told, as IN (SELECT … LIMIT) does when the plan repeats the sub-select', async () => {
    const claim = (which: string): string =>
      `DELETE FROM fan_out WHERE seq ${which.replace('…', 'SELECT seq FROM fan_out WHERE due_at <= now() ORDER BY seq LIMIT 3 FOR UPDATE SKIP LOCKED')} RETURNING seq`;
    const claimed = async (sql: string): Promise<number | null> => {
      await clearQueues(pool);
      await pool.query(
        `INSERT INTO fan_out (route, key) SELECT '{}', n::text FROM generate_series(1, 20) AS n`,
      );
      const client = await pool.connect();
      try {
        await client.query(`BEGIN; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
          SET LOCAL enable_hashagg = off; SET LOCAL enable_sort = off; SET LOCAL enable_material = off`);
        return (await client.query(sql)).rowCount;
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    };
    expect(await claimed(claim('IN (…)'))).toBeGreaterThan(3);
    expect(await claimed(claim('= ANY(ARRAY(…))'))).toBe(3);
  });

  it('is done by a worker as soon as it is woken, and shared by several', async () => {
    const workers = [1, 2].map(() => startFanOut({ pool, chunk: 2, pollMs: 60_000 }));
    try {
      await renameCustomer();
      for (const worker of workers) worker.wake();
      await eventually(async () => expect(await markedRoots(pool)).toEqual(rootIds));
    } finally {
      await Promise.all(workers.map((worker) => worker.close()));
    }
    expect(await waiting()).toEqual([]);
  });

  it('tells who builds when the marks are there', async () => {
    const marked = Promise.withResolvers<void>();
    const worker = startFanOut({ pool, pollMs: 60_000, onMarked: marked.resolve });
    try {
      await renameCustomer();
      worker.wake();
      await marked.promise;
      expect(await markedRoots(pool)).toEqual(rootIds);
    } finally {
      await worker.close();
    }
  });
});
