import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { eventually } from '#testing';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import {
  change,
  clearQueues,
  markedRoots,
  orderSearch,
  shopSources,
  withOpenTransaction,
} from '../testing/shop.js';
import { fanOutChunk, runFanOutChunk, type FanOutResult } from './run-fan-out.js';
import { readFanOutJobs } from './running-jobs.js';

const ROOTS = 12;
const rootIds = Array.from({ length: ROOTS }, (_, index) => `o${String(index).padStart(2, '0')}`);
const sizes = { chunk: 5, listChunk: 5 };

let db: ProjectionDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  db = await openProjection(shopSources, [orderSearch]);
  pool = db.pool;
  const lines = [{ productId: 'p1', quantity: 1 }];
  await db.apply(
    ...rootIds.map((id) => change('order', id, 1, { customerId: 'c1', status: 'pending', total: 1, lines })),
  );
});
afterAll(() => db.space.dispose());

let version = 0;
beforeEach(() => clearQueues(pool));
const renameCustomer = (): Promise<void> =>
  db.apply(change('customer', 'c1', (version += 1), { name: `name ${version}` }));
const renameProduct = (): Promise<void> =>
  db.apply(change('product', 'p1', (version += 1), { sku: 's', name: `name ${version}` }));
const lookUpFresh = (): Promise<FanOutResult> => runFanOutChunk(pool, { ...sizes, take: 'fresh' });
const nextChunk = (): Promise<FanOutResult> => runFanOutChunk(pool, { ...sizes, take: 'jobs' });

interface Position {
  readonly cursor: string;
  readonly until: string | null;
}
const positions = async (): Promise<readonly Position[]> => {
  const { rows } = await pool.query<Position>('SELECT cursor, until FROM fan_out_job ORDER BY id');
  return rows;
};

describe('a fan-out job', () => {
  it.each([
    ['a single key', renameCustomer],
    ['a key in list items', renameProduct],
  ])(
    'goes through all roots of %s in chunks, each behind the last, and tells how far it is',
    async (_, rename) => {
      await rename();
      expect(await lookUpFresh()).toEqual({ claimed: 1, marks: 0, unfinished: 1, failed: 0 });
      expect(await readFanOutJobs(pool)).toMatchObject([{ done: 0, total: null, rate: null }]);
      expect(await nextChunk()).toMatchObject({ claimed: 1, marks: 5, unfinished: 1 });
      expect(await markedRoots(pool)).toEqual(rootIds.slice(0, 5));
      const [job] = await readFanOutJobs(pool);
      expect(job).toMatchObject({ view: 'order-search', done: 5, total: ROOTS });
      expect(job?.rate).toBeGreaterThan(0);
      expect(await positions()).toEqual([{ cursor: 'o04', until: null }]);
      expect(await nextChunk()).toMatchObject({ marks: 5, unfinished: 1 });
      expect(await nextChunk()).toMatchObject({ marks: 2, unfinished: 0 });
      expect(await readFanOutJobs(pool)).toEqual([]);
      const { rows } = await pool.query<{ root_id: string; priority: number }>(
        'SELECT root_id, priority FROM mark ORDER BY root_id',
      );
      expect(rows).toEqual(rootIds.map((root_id) => ({ root_id, priority: 1 })));
    },
  );

  it('goes on where it was when the process that marks a chunk is killed', async () => {
    await renameCustomer();
    await lookUpFresh();
    await nextChunk();
    const lost = await pool.connect();
    await lost.query('BEGIN');
    expect(await fanOutChunk(lost, { ...sizes, take: 'jobs' })).toMatchObject({ marks: 5 });
    const { rows } = await lost.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const gone = new Promise<void>((resolve) => lost.once('error', () => resolve()));
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await gone;
    lost.release(true);
    expect(await eventually(positions)).toEqual([{ cursor: 'o04', until: null }]);
    await db.fanOut(sizes);
    expect(await markedRoots(pool)).toEqual(rootIds);
    expect(await positions()).toEqual([]);
  });

  it('is joined by later changes of its key wherever it is, and marks every root after the last of them', async () => {
    // How many chunks go by before the second and before the third change of the key.
    for (const second of [0, 1, 2]) {
      for (const third of [0, 1, 2, 3]) {
        await clearQueues(pool);
        await renameCustomer();
        await lookUpFresh();
        for (const chunks of [second, third]) {
          for (let chunk = 0; chunk < chunks; chunk++) await nextChunk();
          await renameCustomer();
          expect(await lookUpFresh()).toMatchObject({ claimed: 1, unfinished: 1, marks: 0 });
          expect(await positions()).toHaveLength(1);
        }
        await pool.query('DELETE FROM mark');
        // At most one chunk more than a round has, since two of them may be cut short.
        let chunks = 0;
        while ((await nextChunk()).claimed > 0) chunks += 1;
        expect(chunks).toBeLessThanOrEqual(4);
        expect(await markedRoots(pool)).toEqual(rootIds);
      }
    }
  });

  it('gets to its last roots while its key changes after every chunk', async () => {
    await renameCustomer();
    await lookUpFresh();
    for (let chunk = 0; chunk < 4; chunk++) {
      await nextChunk();
      await renameCustomer();
      await lookUpFresh();
    }
    expect(await markedRoots(pool)).toEqual(rootIds);
  });

  it('counts what it does again as more to do', async () => {
    await renameCustomer();
    await lookUpFresh();
    await nextChunk();
    await renameCustomer();
    await lookUpFresh();
    expect(await readFanOutJobs(pool)).toMatchObject([{ done: 5, total: ROOTS + 5 }]);
  });

  it.each([0, 1])(
    'that another process holds is not joined; it takes in the new one, which is %i chunk(s) on, when it is free',
    async (chunks) => {
      await renameCustomer();
      await lookUpFresh();
      await nextChunk();
      await withOpenTransaction(pool, async (holder) => {
        await holder.query('SELECT FROM fan_out_job FOR UPDATE');
        await renameCustomer();
        expect(await lookUpFresh()).toMatchObject({ claimed: 1, unfinished: 1 });
        expect(await positions()).toHaveLength(2);
        // Who holds the first may have read the roots before the change.
        await pool.query('DELETE FROM mark');
        for (let chunk = 0; chunk < chunks; chunk++) expect(await nextChunk()).toMatchObject({ marks: 5 });
      });
      await nextChunk();
      expect(await positions()).toHaveLength(1);
      await db.fanOut(sizes);
      expect(await markedRoots(pool)).toEqual(rootIds);
    },
  );

  it('waits while its view has a backlog of bulk marks, and for no other', async () => {
    await renameCustomer();
    await lookUpFresh();
    const add = (view: string, priority: number): Promise<unknown> =>
      pool.query(
        `INSERT INTO mark (view, root_id, priority) SELECT $1, 'o00', $2 FROM generate_series(1, 3)`,
        [view, priority],
      );
    const nextBelow = (backlog: number): Promise<FanOutResult> =>
      runFanOutChunk(pool, { ...sizes, take: 'jobs', backlog });
    await add('other', 1);
    await add('order-search', 0);
    expect(await nextBelow(3)).toMatchObject({ marks: 5 });
    await add('order-search', 1);
    expect(await nextBelow(8)).toMatchObject({ claimed: 0, marks: 0 });
    expect(await nextBelow(9)).toMatchObject({ marks: 5 });
  });

  it('takes turns with others', async () => {
    await renameCustomer();
    await renameProduct();
    await lookUpFresh();
    for (let chunk = 0; chunk < 2; chunk++) await nextChunk();
    expect(await positions()).toEqual([
      { cursor: 'o04', until: null },
      { cursor: 'o04', until: null },
    ]);
  });

  it('that can not be looked up is put off, and holds back no other', async () => {
    const gone = { source: 'gone', match: { path: 'a', many: false }, give: { path: 'id', many: false } };
    await pool.query(`INSERT INTO fan_out_job (route, key) VALUES ($1, 'k')`, [
      JSON.stringify({ view: 'order-search', source: 'x', start: 'id', steps: [gone] }),
    ]);
    await renameCustomer();
    await lookUpFresh();
    expect(await nextChunk()).toEqual({ claimed: 1, marks: 0, unfinished: 0, failed: 1 });
    const { rows } = await pool.query(
      `SELECT attempts, due_at > now() AS later FROM fan_out_job WHERE key = 'k'`,
    );
    expect(rows).toEqual([{ attempts: 1, later: true }]);
    await db.fanOut(sizes);
    expect(await markedRoots(pool)).toEqual(rootIds);
  });
});
