import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { decodeEnvelope, type Envelope } from '#messaging';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { append } from './append.js';
import type { EventContract } from './encode-event.js';
import { openTransactionOf } from './open-transaction.js';
import { raiseEpoch } from './source-epoch.js';
import { outboxTables } from './tables.js';
import { inTransaction, type Transaction } from './transaction.js';

const order: EventContract = { name: 'order', faults: () => [] };
const placed = (aggregateId: string) => ({
  name: 'OrderPlaced',
  aggregateId,
  version: 1,
  data: { total: 1 },
});

let space: TestSpace;
let pool: Pool;
let dataSource: DataSource;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders'] });
  pool = space.pool('orders');
  for (const { sql } of outboxTables) await pool.query(sql);
  dataSource = await new DataSource({
    type: 'postgres',
    url: space.databaseUrl('orders'),
    extra: { max: 5, pipeline: true },
  }).initialize();
});
beforeEach(() => pool.query('TRUNCATE outbox, source_epoch'));
afterAll(async () => {
  await dataSource.destroy();
  await space.dispose();
});

const raise = (above = 0): Promise<number> =>
  inTransaction(dataSource, (tx) => raiseEpoch(tx, 'order', above));
const appendOne = (id: string): Promise<Envelope> =>
  inTransaction(dataSource, (tx) => append(tx, order, placed(id)));

/** What is committed in the outbox: the epochs of the column and of the bytes, which must be the same. */
async function epochs(): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ aggregate_id: string; epoch: string; body: Buffer }>(
    'SELECT aggregate_id, epoch, body FROM outbox ORDER BY seq',
  );
  return Object.fromEntries(
    rows.map(({ aggregate_id: id, epoch, body }) => {
      expect(decodeEnvelope(body)).toMatchObject({ envelope: { epoch: Number(epoch) } });
      return [id, Number(epoch)];
    }),
  );
}

/** Until so many statements wait for the lock on source_epoch. */
function waitingForEpoch(count: number): Promise<void> {
  return eventually(async () => {
    const { rows } = await pool.query(
      `SELECT FROM pg_locks WHERE NOT granted AND relation = 'source_epoch'::regclass`,
    );
    expect(rows).toHaveLength(count);
  });
}

/** A transaction that has appended and stays open until `commit`. */
async function openAppender(id: string): Promise<{ commit: () => Promise<void> }> {
  const appended = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const done = inTransaction(dataSource, async (tx) => {
    await append(tx, order, placed(id));
    await tx.query('SELECT'); // answered after the insert, which then holds the lock
    appended.resolve();
    await release.promise;
  });
  await appended.promise;
  return { commit: () => (release.resolve(), done) };
}

/** The epoch is raised while an append is open, and another one begins meanwhile. */
async function appendWhileItIsRaised() {
  const open = await openAppender('slow');
  const raised = raise();
  await waitingForEpoch(1);
  const late = appendOne('late');
  await waitingForEpoch(2);
  await open.commit();
  return { raised: await raised, late: await late };
}

describe('the source epoch', () => {
  it('is 0 until it is raised, and goes above both itself and what it is told', async () => {
    await appendOne('before');
    expect([await raise(), await raise(0), await raise(7), await raise(3)]).toEqual([1, 2, 8, 9]);
    await appendOne('after');
    expect(await epochs()).toEqual({ before: 0, after: 9 });
  });

  it('is one of its source alone', async () => {
    await raise();
    const stock: EventContract = { ...order, name: 'stock' };
    expect(await inTransaction(dataSource, (tx) => append(tx, stock, placed('s')))).toMatchObject({
      epoch: 0,
    });
  });

  it('is asked for by the first append of a process and the first after it was raised, and by no other', async () => {
    const statements = async (id: string): Promise<number> => {
      let sent = 0;
      await inTransaction(dataSource, async (tx) => {
        const query = jest.spyOn(openTransactionOf(tx)!.connection, 'query');
        await append(tx, order, placed(id));
        sent += query.mock.calls.length;
        query.mockRestore();
      });
      return sent;
    };
    await raise();
    await appendOne('warm');
    expect(await statements('a')).toBe(1);
    await raise();
    // the insert that is refused; then the question, and the insert
    expect(await statements('b')).toBe(3);
    expect(await statements('c')).toBe(1);
    expect(await epochs()).toEqual({ warm: 1, a: 1, b: 2, c: 2 });
  });

  it('is raised only when every transaction that appended under the old one has ended', async () => {
    const open = await openAppender('slow');
    const raised = raise();
    await waitingForEpoch(1);
    expect(await epochs()).toEqual({});
    await open.commit();
    await raised;
    // So whoever reads the service's rows from here on sees all that was ever published under the old epoch.
    expect(await epochs()).toEqual({ slow: 0 });
  });

  it('is the raised one for an append that had begun to wait before it was raised', async () => {
    expect(await appendWhileItIsRaised()).toMatchObject({ raised: 1, late: { epoch: 1 } });
    expect(await epochs()).toEqual({ slow: 0, late: 1 });
  });

  it('is the raised one also on connections whose plan of the statement is kept', async () => {
    // PostgreSQL plans a prepared statement anew five times before it may keep a plan for good.
    for (let times = 0; times < 8; times += 1)
      await Promise.all([appendOne('warm 1'), appendOne('warm 2'), appendOne('warm 3')]);
    expect(await appendWhileItIsRaised()).toMatchObject({ raised: 1, late: { epoch: 1 } });
    expect(await epochs()).toMatchObject({ slow: 0, late: 1 });
  });

  it('is not the raised one when that is rolled back', async () => {
    const failing = inTransaction(dataSource, async (tx: Transaction) => {
      await raiseEpoch(tx, 'order', 0);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await appendOne('a')).toMatchObject({ epoch: 0 });
  });
});
