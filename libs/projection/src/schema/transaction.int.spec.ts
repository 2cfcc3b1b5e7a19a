import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { createTestSpace, type TestSpace } from '#testing';
import { inTransaction } from './transaction.js';

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
