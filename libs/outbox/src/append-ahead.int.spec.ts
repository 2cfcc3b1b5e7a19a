import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { append } from './append.js';
import type { EventContract } from './encode-event.js';
import { openTransactionOf } from './open-transaction.js';
import { raiseEpoch } from './source-epoch.js';
import { outboxTables } from './tables.js';
import { inTransaction, type Transaction } from './transaction.js';

/** The insert of an event is sent and not waited for: what becomes of its fault, wherever it falls. */

const order: EventContract = { name: 'order', faults: () => [] };
const placed = (aggregateId: string) => ({
  name: 'OrderPlaced',
  aggregateId,
  version: 1,
  data: { total: 1 },
});

let space: TestSpace;
let pool: Pool;
let pipelined: DataSource;
let oneByOne: DataSource;

const connect = (pipeline: boolean): Promise<DataSource> =>
  new DataSource({
    type: 'postgres',
    url: space.databaseUrl('orders'),
    extra: { max: 2, pipeline },
  }).initialize();

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders'] });
  pool = space.pool('orders');
  for (const { sql } of outboxTables) await pool.query(sql);
  await pool.query(`
    CREATE TABLE account (id text PRIMARY KEY);
    -- A fault that only the server can find.
    ALTER TABLE outbox ADD CONSTRAINT outbox_welcome CHECK (aggregate_id <> 'unwelcome')`);
  [pipelined, oneByOne] = await Promise.all([connect(true), connect(false)]);
});
beforeEach(() => pool.query('TRUNCATE outbox, account, source_epoch'));
afterAll(async () => {
  await Promise.all([pipelined.destroy(), oneByOne.destroy()]);
  await space.dispose();
});

const addAccount = (tx: Transaction, id: string): Promise<unknown> =>
  tx.query('INSERT INTO account VALUES ($1)', [id]);

/** What is committed. */
async function stored(): Promise<{ accounts: string[]; events: string[] }> {
  const { rows } = await pool.query<{ accounts: string[]; events: string[] }>(
    `SELECT ARRAY(SELECT id FROM account ORDER BY id) AS accounts,
            ARRAY(SELECT aggregate_id FROM outbox ORDER BY seq) AS events`,
  );
  return rows[0]!;
}
const nothing = { accounts: [], events: [] };
const unwelcome = { code: '23514', constraint: 'outbox_welcome' };

describe.each<[string, () => DataSource]>([
  ['on pipelined connections', () => pipelined],
  ['on connections that send one statement at a time', () => oneByOne],
])('an event that the server refuses, %s,', (_which, dataSource) => {
  it('takes the change with it', async () => {
    const refused = inTransaction(dataSource(), async (tx) => {
      await addAccount(tx, 'a');
      await append(tx, order, placed('unwelcome'));
    });
    await expect(refused).rejects.toMatchObject(unwelcome);
    expect(await stored()).toEqual(nothing);
    // The connection is as good as before.
    await inTransaction(dataSource(), (tx) => append(tx, order, placed('next')));
    expect(await stored()).toEqual({ accounts: [], events: ['next'] });
  });

  it('is the fault that is told, and not that of the statement after it', async () => {
    const refused = inTransaction(dataSource(), async (tx) => {
      await append(tx, order, placed('unwelcome'));
      await addAccount(tx, 'a');
    });
    await expect(refused).rejects.toMatchObject(unwelcome);
    expect(await stored()).toEqual(nothing);
  });

  it('takes the other events of its transaction with it', async () => {
    for (const ids of [
      ['first', 'unwelcome'],
      ['unwelcome', 'second'],
    ]) {
      const refused = inTransaction(dataSource(), async (tx) => {
        for (const id of ids) await append(tx, order, placed(id));
      });
      await expect(refused).rejects.toMatchObject(unwelcome);
    }
    expect(await stored()).toEqual(nothing);
  });

  it('does not hide what the work itself threw', async () => {
    const failing = inTransaction(dataSource(), async (tx) => {
      await Promise.allSettled([append(tx, order, placed('unwelcome'))]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await stored()).toEqual(nothing);
  });
});

describe('a transaction', () => {
  it('waits for nothing between an append and its COMMIT', async () => {
    // Whoever raises the epoch lets no append pass.
    const raising = await pool.connect();
    await raising.query('BEGIN; LOCK TABLE source_epoch IN ACCESS EXCLUSIVE MODE');
    try {
      // so that it does not ask for the epoch first
      const source = { ...order, name: 'known' };
      const knows = inTransaction(pipelined, (tx) => append(tx, source, placed('first')));
      await waiting(1);
      await raising.query('COMMIT');
      await knows;
      await raising.query('BEGIN; LOCK TABLE source_epoch IN ACCESS EXCLUSIVE MODE');
      const ended = jest.fn();
      const appending = inTransaction(pipelined, (tx) => append(tx, source, placed('second')).finally(ended));
      await waiting(1);
      expect(ended).toHaveBeenCalled();
      expect((await stored()).events).toEqual(['first']);
      await raising.query('COMMIT');
      await appending;
      expect((await stored()).events).toEqual(['first', 'second']);
    } finally {
      raising.release(true);
    }
  });

  it('sends the last event and its COMMIT in one write', async () => {
    await inTransaction(pipelined, (tx) => append(tx, order, placed('warm')));
    const written: string[] = [];
    await inTransaction(pipelined, async (tx) => {
      await addAccount(tx, 'a');
      const { stream } = openTransactionOf(tx)!.connection.connection;
      const write = stream._writev!.bind(stream);
      jest.spyOn(stream, '_writev').mockImplementationOnce((chunks, callback) => {
        written.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)).toString('latin1'));
        write(chunks, callback);
      });
      await append(tx, order, placed('o'));
    });
    expect(written).toEqual([expect.stringMatching(/prejoin_append_one[^]*COMMIT/)]);
  });

  it('is run again when the epoch was raised after its event was encoded', async () => {
    await inTransaction(pipelined, (tx) => append(tx, order, placed('before')));
    const work = jest.fn(async (tx: Transaction) => {
      await addAccount(tx, `run ${work.mock.calls.length}`);
      return append(tx, order, placed('after'));
    });
    await inTransaction(oneByOne, (tx) => raiseEpoch(tx, 'order', 0));
    expect(await inTransaction(pipelined, work)).toMatchObject({ epoch: 1 });
    expect(work).toHaveBeenCalledTimes(2);
    expect(await stored()).toEqual({ accounts: ['run 2'], events: ['before', 'after'] });
  });

  it('that lost a statement and kept it to itself is refused, with or without an event after it', async () => {
    const swallowing = async (tx: Transaction): Promise<void> => {
      await addAccount(tx, 'a');
      await Promise.allSettled([tx.query('SELECT 1 / 0')]);
    };
    await expect(inTransaction(pipelined, swallowing)).rejects.toMatchObject({
      code: 'transaction_rolled_back',
    });
    const appending = inTransaction(pipelined, async (tx) => {
      await swallowing(tx);
      await append(tx, order, placed('o'));
    });
    await expect(appending).rejects.toMatchObject({ code: '25P02' });
    expect(await stored()).toEqual(nothing);
  });

  it('commits without an event that a savepoint took back, whether it was refused or not', async () => {
    for (const id of ['unwelcome', 'welcome']) {
      await inTransaction(pipelined, async (tx) => {
        await addAccount(tx, `before ${id}`);
        const inside = tx.transaction(async () => {
          await addAccount(tx, 'inside');
          await append(tx, order, placed(id));
          throw new Error('changed my mind');
        });
        await expect(inside).rejects.toThrow('changed my mind');
        await append(tx, order, placed(`after ${id}`));
      });
    }
    expect(await stored()).toEqual({
      accounts: ['before unwelcome', 'before welcome'],
      events: ['after unwelcome', 'after welcome'],
    });
  });
});

function waiting(count: number): Promise<void> {
  return eventually(async () => {
    const { rows } = await pool.query(
      `SELECT FROM pg_locks WHERE NOT granted AND relation = 'source_epoch'::regclass`,
    );
    expect(rows).toHaveLength(count);
  });
}
