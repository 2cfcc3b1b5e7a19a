import { jest } from '@jest/globals';
import type { Pool } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { decodeEnvelope } from '#messaging';
import { createTestSpace, type TestSpace } from '#testing';
import {
  append,
  inTransaction,
  outboxTables,
  type EventContract,
  type NewEvent,
  type Transaction,
} from './index.js';

interface OrderState {
  readonly total: number;
}

const order: EventContract = {
  name: 'order',
  faults: (state) =>
    Number.isInteger((state as OrderState).total) ? [] : ['"total" must be a whole number.'],
};
const placed = { name: 'OrderPlaced', aggregateId: 'o-1', version: 1, data: { total: 100 } };

let space: TestSpace;
let pool: Pool;
let dataSource: DataSource;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders'] });
  pool = space.pool('orders');
  for (const { sql } of outboxTables) await pool.query(sql);
  await pool.query('CREATE TABLE account (id text PRIMARY KEY, balance integer NOT NULL)');
  dataSource = await new DataSource({
    type: 'postgres',
    url: space.databaseUrl('orders'),
    extra: { max: 4, pipeline: true },
  }).initialize();
});

beforeEach(async () => {
  await pool.query('TRUNCATE outbox, account');
});

afterAll(async () => {
  await dataSource.destroy();
  await space.dispose();
});

async function bodies(): Promise<Buffer[]> {
  const { rows } = await pool.query<{ body: Buffer }>('SELECT body FROM outbox ORDER BY seq');
  return rows.map(({ body }) => body);
}

describe('append', () => {
  it('stores the bytes of the envelope that it returns, within the transaction', async () => {
    const envelope = await inTransaction(dataSource, async (tx) => {
      const appended = await append(tx, order, { ...placed, traceparent: null });
      expect(await bodies()).toEqual([]);
      return appended;
    });
    expect(envelope).toMatchObject({
      source: 'order',
      epoch: 0,
      version: 1,
      deleted: false,
      data: { total: 100 },
    });
    expect((await bodies()).map((body) => decodeEnvelope(body))).toEqual([{ envelope }]);
    const { rows } = await pool.query('SELECT event_id, routing_key, attempts FROM outbox');
    expect(rows).toEqual([{ event_id: envelope.id, routing_key: 'order.OrderPlaced', attempts: 0 }]);
  });

  it('leaves neither rows nor event when the transaction rolls back', async () => {
    const failing = inTransaction(dataSource, async (tx) => {
      await tx.query(`INSERT INTO account VALUES ('a', 1)`);
      await append(tx, order, placed);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await bodies()).toEqual([]);
    expect((await pool.query('SELECT * FROM account')).rows).toEqual([]);
  });

  it('takes a deletion without asking the contract about a state', async () => {
    const envelope = await inTransaction(dataSource, (tx) =>
      append(tx, order, { name: 'OrderDeleted', aggregateId: 'o-1', version: 2, deleted: true }),
    );
    expect(envelope).toMatchObject({ deleted: true, data: null });
  });

  it('is refused with a manager that is in no transaction', async () => {
    const cast = (manager: EntityManager): Transaction => manager as Transaction;
    await expect(append(cast(dataSource.manager), order, placed)).rejects.toMatchObject({
      code: 'event_outside_transaction',
    });

    const runner = dataSource.createQueryRunner();
    await expect(append(cast(runner.manager), order, placed)).rejects.toMatchObject({
      code: 'event_outside_transaction',
    });
    await runner.release();
    expect(await bodies()).toEqual([]);
  });

  it('is refused after its transaction has ended', async () => {
    let escaped: Transaction | undefined;
    await inTransaction(dataSource, async (tx) => {
      escaped = tx;
      await append(tx, order, placed);
    });
    await expect(append(escaped!, order, placed)).rejects.toMatchObject({
      code: 'event_outside_transaction',
    });
    expect(await bodies()).toHaveLength(1);
  });

  it.each<[string, NewEvent, RegExp]>([
    ['a state that the contract refuses', { ...placed, data: { total: 1.5 } }, /total/],
    ['a state that only JSON makes wrong', { ...placed, data: { total: NaN } }, /total/],
    ['a state that can not be written as JSON', { ...placed, data: { total: 10n } }, /JSON/],
    ['a NUL', { ...placed, data: { total: 1, note: 'a\0b' } }, /NUL/],
    ['version 0', { ...placed, version: 0 }, /version/],
    ['an id that is too long', { ...placed, aggregateId: 'x'.repeat(129) }, /128 bytes/],
    ['a name that would make another routing key', { ...placed, name: 'Order.Placed' }, /name/],
    ['a wrong traceparent', { ...placed, traceparent: 'nonsense' }, /traceparent/],
  ])('is refused for %s, naming the aggregate', async (_what, event, words) => {
    const refused = inTransaction(dataSource, (tx) => append(tx, order, event));
    await expect(refused).rejects.toMatchObject({
      code: 'event_invalid',
      message: expect.stringMatching(words) as string,
    });
    await expect(refused).rejects.toThrow(/order\//);
    expect(await bodies()).toEqual([]);
  });

  it('is refused above the size cap, naming aggregate and size', async () => {
    const large = { ...placed, data: { total: 1, note: 'x'.repeat(256 * 1024) } };
    const refused = inTransaction(dataSource, (tx) => append(tx, order, large));
    await expect(refused).rejects.toMatchObject({ code: 'event_too_large' });
    await expect(refused).rejects.toThrow(/OrderPlaced of order\/o-1 has 262\d{3} bytes; .*262144/);
    await inTransaction(dataSource, (tx) => append(tx, order, large, { maxBytes: 300_000 }));
    expect(await bodies()).toHaveLength(1);
  });
});

describe('inTransaction', () => {
  it('runs the work again after a deadlock, and both transactions win', async () => {
    await pool.query(`INSERT INTO account VALUES ('a', 0), ('b', 0)`);
    // Both hold their first row before either asks for its second: a certain deadlock in the first attempt.
    const bothHold = Promise.withResolvers<void>();
    let holding = 0;
    const transfer = (from: string, to: string) => {
      const work = jest.fn(async (tx: Transaction) => {
        await tx.query(`UPDATE account SET balance = balance - 1 WHERE id = $1`, [from]);
        if (++holding === 2) bothHold.resolve();
        await bothHold.promise;
        await tx.query(`UPDATE account SET balance = balance + 1 WHERE id = $1`, [to]);
        await append(tx, order, placed);
      });
      return { work, done: inTransaction(dataSource, work) };
    };
    const [one, other] = [transfer('a', 'b'), transfer('b', 'a')];
    await Promise.all([one.done, other.done]);

    expect(one.work.mock.calls.length + other.work.mock.calls.length).toBe(3);
    expect(await bodies()).toHaveLength(2);
    expect((await pool.query(`SELECT balance FROM account`)).rows).toEqual([{ balance: 0 }, { balance: 0 }]);
  });

  it('gives a conflict up after its attempts, with the cause', async () => {
    const work = jest.fn((tx: Transaction) => tx.query(`DO $$ BEGIN RAISE serialization_failure; END $$`));
    const failing = inTransaction(dataSource, work, { attempts: 3, retry: { baseMs: 1, maxMs: 1 } });
    await expect(failing).rejects.toMatchObject({
      code: 'transaction_conflict',
      cause: { driverError: { code: '40001' } },
    });
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('runs nothing again for any other error', async () => {
    const work = jest.fn((tx: Transaction) => tx.query('SELECT 1 / 0'));
    await expect(inTransaction(dataSource, work)).rejects.toThrow('division by zero');
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('gives its connection back, however it ends', async () => {
    for (let i = 0; i < 10; i += 1) {
      await inTransaction(dataSource, (tx) => tx.query('SELECT 1'));
      await expect(inTransaction(dataSource, (tx) => tx.query('SELECT 1 / 0'))).rejects.toThrow();
    }
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
