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
  const renameProduct = (): Promise<void> =>
    db.apply(change('product', 'p1', version, { sku: 's', name: `name ${version}` }));
  const waiting = async (): Promise<readonly { cursor: string | null; attempts: number; due: boolean }[]> => {
    const { rows } = await pool.query<{ cursor: string | null; attempts: number; due: boolean }>(
      'SELECT cursor, attempts, due_at <= now() AS due FROM fan_out ORDER BY seq',
    );
    return rows;
  };

  it.each([
    ['a single key', renameCustomer],
    ['a key in list items', renameProduct],
  ])('goes through all roots of %s in chunks, each behind the last', async (_, rename) => {
    await rename();
    expect(await runFanOutChunk(pool, { chunk: 5 })).toMatchObject({ claimed: 1, marks: 5, unfinished: 1 });
    expect(await markedRoots(pool)).toEqual(rootIds.slice(0, 5));
    expect(await waiting()).toEqual([{ cursor: 'o04', attempts: 0, due: true }]);
    expect(await runFanOutChunk(pool, { chunk: 5 })).toMatchObject({ marks: 5, unfinished: 1 });
    expect(await runFanOutChunk(pool, { chunk: 5 })).toMatchObject({ marks: 2, unfinished: 0 });
    expect(await runFanOutChunk(pool)).toEqual({ claimed: 0, marks: 0, unfinished: 0, failed: 0 });
    const { rows } = await pool.query('SELECT root_id FROM mark ORDER BY root_id');
    expect(rows.map((row: { root_id: string }) => row.root_id)).toEqual(rootIds);
  });

  it('goes on where it was when a chunk is lost in a crash', async () => {
    await renameCustomer();
    await runFanOutChunk(pool, { chunk: 5 });
    const lost = await pool.connect();
    await lost.query('BEGIN');
    await fanOutChunk(lost, { chunk: 5 });
    const { rows } = await lost.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const gone = new Promise<void>((resolve) => lost.once('error', () => resolve()));
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await gone;
    lost.release(true);
    expect(await eventually(waiting)).toEqual([{ cursor: 'o04', attempts: 0, due: true }]);
    await db.fanOut({ chunk: 5 });
    expect(await markedRoots(pool)).toEqual(rootIds);
  });

  it('looks a key up once that changed several times, from the least far cursor', async () => {
    await renameCustomer();
    await runFanOutChunk(pool, { chunk: 5 });
    await pool.query(`INSERT INTO fan_out (route, key, cursor) SELECT route, key, NULL FROM fan_out`);
    await pool.query(`INSERT INTO fan_out (route, key, cursor) SELECT route, key, 'o09' FROM fan_out`);
    await pool.query('DELETE FROM mark');
    expect(await runFanOutChunk(pool)).toMatchObject({ claimed: 4, marks: ROOTS, unfinished: 0 });
  });

  it('goes on from the least far of several cursors of one key', async () => {
    await renameCustomer();
    await pool.query(`INSERT INTO fan_out (route, key, cursor) SELECT route, key, 'o03' FROM fan_out`);
    await pool.query(`UPDATE fan_out SET cursor = 'o08' WHERE cursor IS NULL`);
    expect(await runFanOutChunk(pool)).toMatchObject({ claimed: 2, marks: 8, unfinished: 0 });
  });

  it('puts back for later what can not be looked up, and does the rest', async () => {
    await pool.query(`
      INSERT INTO fan_out (route, key) VALUES
        ('{"view":"v","source":"x","start":"id","steps":[{"source":"gone","match":{"path":"a","many":false},"give":{"path":"id","many":false}}]}', 'k')`);
    await renameCustomer();
    expect(await runFanOutChunk(pool)).toMatchObject({ claimed: 2, marks: ROOTS, failed: 1 });
    expect(await waiting()).toEqual([{ cursor: null, attempts: 1, due: false }]);
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
});
