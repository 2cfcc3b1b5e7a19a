import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { openPool } from '#kernel';
import { createTestSpace, type TestSpace } from '#testing';
import { ensureCopyTables } from '../copies/copy-table.js';
import { migrateProjection } from '../schema/migrate.js';
import { inTransaction } from '../schema/transaction.js';
import { change, shopSources, untilBlocked } from '../testing/shop.js';
import { applyBatch, type Applied } from './apply-batch.js';
import type { Change } from './change.js';

describe('applying a batch of changes', () => {
  let space: TestSpace;
  let pool: pg.Pool;
  beforeAll(async () => {
    space = await createTestSpace({ databases: ['projection'] });
    pool = space.pool('projection');
    await migrateProjection(pool);
    await ensureCopyTables(pool, shopSources);
  });
  afterAll(() => space.dispose());
  beforeEach(() => pool.query('DELETE FROM copy_customer; DELETE FROM copy_order'));

  const apply = (...changes: readonly Change[]): Promise<readonly Applied[]> =>
    inTransaction(pool, (client) => applyBatch(client, changes));
  const name = async (id: string): Promise<string | null | undefined> => {
    const { rows } = await pool.query<{ name: string | null }>(
      `SELECT data->>'name' AS name FROM copy_customer WHERE id = $1`,
      [id],
    );
    return rows[0]?.name;
  };
  const customer = (id: string, version: number, called: string, more: Partial<Change> = {}): Change =>
    change('customer', id, version, { name: called }, more);

  it('keeps the highest version, whatever the order and however often they come', async () => {
    const [first, second, third] = [
      customer('c', 1, 'one'),
      customer('c', 2, 'two'),
      customer('c', 3, 'three'),
    ];
    expect(await apply(second)).toMatchObject([{ applied: 1 }]);
    expect(await apply(first, second, third, first)).toMatchObject([
      { applied: 1, superseded: 3, duplicate: 0 },
    ]);
    expect(await apply(third, third)).toMatchObject([{ applied: 0, superseded: 0, duplicate: 2 }]);
    expect(await apply(first)).toMatchObject([{ applied: 0, superseded: 1 }]);
    expect(await name('c')).toBe('three');
  });

  it('does not bring a deleted aggregate back with a late older event', async () => {
    await apply(change('customer', 'c', 3, null));
    expect(await apply(customer('c', 2, 'late'))).toMatchObject([{ applied: 0, superseded: 1 }]);
    const { rows } = await pool.query('SELECT deleted, data FROM copy_customer');
    expect(rows).toEqual([{ deleted: true, data: null }]);
  });

  it('puts the epoch above the version', async () => {
    await apply(customer('c', 90, 'before the restore'));
    expect(await apply(customer('c', 4, 'after it', { epoch: 1 }))).toMatchObject([{ applied: 1 }]);
    expect(await apply(customer('c', 91, 'from before', { epoch: 0 }))).toMatchObject([{ superseded: 1 }]);
    expect(await name('c')).toBe('after it');
  });

  it('names an equal version with other data and keeps the first, across batches and within one', async () => {
    await apply(customer('c', 1, 'first'));
    const other = customer('c', 1, 'other');
    expect(await apply(other)).toMatchObject([{ applied: 0, duplicate: 0, conflicting: [other] }]);
    expect(await apply(change('customer', 'c', 1, null))).toMatchObject([{ conflicting: [{ id: 'c' }] }]);
    const [left, right] = [customer('d', 1, 'left'), customer('d', 1, 'right')];
    expect(await apply(left, right)).toMatchObject([{ applied: 1, conflicting: [right] }]);
    expect([await name('c'), await name('d')]).toEqual(['first', 'left']);
  });

  it('takes equal values for equal, in whatever order a source writes them again', async () => {
    const text = (data: string): Change => change('customer', 'c', 1, null, { deleted: false, data });
    await apply(text('{"id":"c","name":"n","note":null}'));
    const again = text('{"note":null, "name":"n","id":"c"}');
    expect(await apply(again, again)).toMatchObject([{ duplicate: 2, conflicting: [] }]);
    const twice = [text('{"id":"c","name":"n"}'), text('{"name":"n","id":"c"}')].map((one) => ({
      ...one,
      version: 2,
    }));
    expect(await apply(...twice)).toMatchObject([{ applied: 1, duplicate: 1, conflicting: [] }]);
  });

  it('counts each source for itself', async () => {
    const order = change('order', 'o', 1, { customerId: 'c', status: 'pending', total: 1, lines: [] });
    expect(await apply(order, customer('c', 1, 'n'))).toMatchObject([
      { source: 'customer', applied: 1 },
      { source: 'order', applied: 1 },
    ]);
  });

  it('is on disk before it is acknowledged, even where the server would not wait for it', async () => {
    const careless = openPool({
      connectionString: space.databaseUrl('projection'),
      options: '-c synchronous_commit=off',
      max: 1,
    });
    const setting = await inTransaction(careless, (client) =>
      client.query<{ synchronous_commit: string }>('SHOW synchronous_commit'),
    ).finally(() => careless.end());
    expect(setting.rows[0]?.synchronous_commit).toBe('on');
  });

  it('deadlocks when two transactions take rows in opposite order: what the one order prevents', async () => {
    await apply(customer('a', 1, 'a'), customer('b', 1, 'b'));
    const [left, right] = await Promise.all([pool.connect(), pool.connect()]);
    try {
      await left.query('BEGIN');
      await right.query('BEGIN');
      await applyBatch(left, [customer('a', 2, 'l')]);
      await applyBatch(right, [customer('b', 2, 'r')]);
      const results = Promise.allSettled([
        applyBatch(left, [customer('b', 3, 'l')]),
        untilBlocked(pool, 'INSERT INTO "copy_customer"').then(() =>
          applyBatch(right, [customer('a', 3, 'r')]),
        ),
      ]);
      expect((await results).filter((one) => one.status === 'rejected')).toMatchObject([
        { reason: { code: '40P01' } },
      ]);
    } finally {
      await left.query('ROLLBACK');
      await right.query('ROLLBACK');
      left.release();
      right.release();
    }
  });

  it('never deadlocks with other batches: a hundred at once over the same rows, each in an order of its own', async () => {
    const retries: string[] = [];
    const version = (batch: number): number => 1 + batch;
    const batchOf = (batch: number): readonly Change[] =>
      Array.from({ length: 40 }, (_, index) => (index * 7 + batch * 13) % 40).flatMap((row) => [
        customer(`c${row}`, version(batch), `batch ${batch}`),
        change('order', `o${row}`, version(batch), {
          customerId: `c${row}`,
          status: 'pending',
          total: batch,
          lines: [],
        }),
      ]);
    await Promise.all(
      Array.from({ length: 100 }, (_, batch) =>
        inTransaction(pool, (client) => applyBatch(client, shuffled(batchOf(batch), batch)), {
          onRetry: (code) => retries.push(code),
        }),
      ),
    );
    expect(retries).toEqual([]);
    const { rows } = await pool.query('SELECT DISTINCT version::int AS version FROM copy_customer');
    expect(rows).toEqual([{ version: 100 }]);
  });
});

/** The same order for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const keyed = items.map((item, index) => ({
    item,
    key: Math.imul(index + 1, 2_654_435_761 + seed * 97) >>> 0,
  }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
