import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Pool, PoolClient } from 'pg';
import { RolledBackError } from '#kernel';
import { createTestSpace, type TestSpace } from '#testing';
import { inOneGo, inTransaction } from './transaction.js';

let space: TestSpace;
let pool: Pool;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'] });
  pool = space.pool('projection');
  await pool.query(
    'CREATE TABLE thing (id text PRIMARY KEY, by text); INSERT INTO thing VALUES ($$one$$, null)',
  );
});
afterAll(() => space.dispose());

const update = `UPDATE thing SET by = $1 WHERE id = 'one'`;

it('is ended by the server when its process stands still in the middle, so that others go on and it changes nothing', async () => {
  const locked = Promise.withResolvers<void>();
  const woken = Promise.withResolvers<void>();
  const standing = inTransaction(
    pool,
    async (client) => {
      await client.query(update, ['the one that stands still']);
      locked.resolve();
      await woken.promise;
      await client.query(update, ['the one that woke up']);
    },
    { idleMs: 100 },
  );
  const failed = expect(standing).rejects.toThrow();
  await locked.promise;
  await inTransaction(pool, (client) => client.query(update, ['another']));
  woken.resolve();
  await failed;
  expect((await pool.query('SELECT by FROM thing')).rows).toEqual([{ by: 'another' }]);
});

it('is not ended while it has to hold its locks however long it stands still', async () => {
  const setting = await inTransaction(
    pool,
    (client) =>
      client.query<{ idle: string }>(`SELECT current_setting('idle_in_transaction_session_timeout') AS idle`),
    { idleMs: 0 },
  );
  expect(setting.rows).toEqual([{ idle: '0' }]);
});

it('commits all that is sent in one go, and gives the answers of it', async () => {
  const [, read] = await inOneGo(pool, (client) =>
    Promise.all([
      client.query(update, ['one go']),
      client.query<{ by: string }>('SELECT by FROM thing WHERE by = $1', ['one go']),
    ]),
  );
  expect(read.rows).toEqual([{ by: 'one go' }]);
  expect((await pool.query('SELECT by FROM thing')).rows).toEqual([{ by: 'one go' }]);
});

it('keeps nothing of what is sent in one go when a statement of it fails, and tells the first fault', async () => {
  await pool.query(update, ['before']);
  const sent = inOneGo(pool, (client) =>
    Promise.all([
      client.query(update, ['half']),
      client.query('SELECT 1 / 0'),
      client.query(update, ['the rest']),
    ]),
  );
  await expect(sent).rejects.toMatchObject({ code: '22012' });
  expect((await pool.query('SELECT by FROM thing')).rows).toEqual([{ by: 'before' }]);
});

it('sends all of it again after a deadlock', async () => {
  let calls = 0;
  const result = await inOneGo(pool, (client) =>
    ++calls === 1
      ? client.query(`DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '40P01'; END $$`)
      : client.query('SELECT 2'),
  );
  expect([calls, result.rowCount]).toEqual([2, 1]);
});

it('does not pass for committed when the fault of a statement was not passed on', async () => {
  const failing = (client: PoolClient): Promise<unknown> =>
    expect(client.query('SELECT 1 / 0')).rejects.toThrow();
  const swallowing = inTransaction(pool, async (client) => {
    await client.query(update, ['lost']);
    await failing(client);
  });
  await expect(swallowing).rejects.toThrow(RolledBackError);
  await expect(inOneGo(pool, failing)).rejects.toThrow(RolledBackError);
  expect((await pool.query('SELECT by FROM thing')).rows).toEqual([{ by: 'before' }]);
});
