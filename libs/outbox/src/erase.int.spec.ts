import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { createTestSpace, type TestSpace } from '#testing';
import { countInOutbox, eraseFromOutbox } from './erase.js';
import { outboxTables } from './tables.js';

let space: TestSpace;
let pool: Pool;

const insert = (source: string, id: string) =>
  pool.query(
    `INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
     VALUES (gen_random_uuid(), $1, $2, 'Changed', 0, 1, 'x.Changed', '\\x00')`,
    [source, id],
  );
const erase = (patienceMs: number) => eraseFromOutbox(pool, 'customer', 'c1', { patienceMs });

beforeAll(async () => {
  space = await createTestSpace({ databases: ['customers'] });
  pool = space.pool('customers');
  for (const { sql } of outboxTables) await pool.query(sql);
});
afterAll(() => space.dispose());
beforeEach(() => pool.query('DELETE FROM outbox; DELETE FROM outbox_dead_letter'));

describe('the outbox of an aggregate that is erased', () => {
  it('loses its events, and those of others stay', async () => {
    await insert('customer', 'c1');
    await insert('customer', 'c1');
    await insert('customer', 'c2');
    await insert('address', 'c1');
    expect(await erase(0)).toEqual({ deleted: { unsent: 2, deadLetters: 0 }, held: 0 });
    expect((await pool.query('SELECT FROM outbox')).rowCount).toBe(2);
  });

  it('waits for what a relay holds, be it published or put back as another row', async () => {
    await insert('customer', 'c1');
    const relay = await pool.connect();
    await relay.query('BEGIN; DELETE FROM outbox');
    expect(await erase(0)).toEqual({ deleted: { unsent: 0, deadLetters: 0 }, held: 1 });
    const erasing = erase(10_000);
    await relay.query(
      `INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
       VALUES (gen_random_uuid(), 'customer', 'c1', 'Changed', 0, 1, 'x.Changed', '\\x00')`,
    );
    await relay.query('COMMIT');
    relay.release();
    expect(await erasing).toEqual({ deleted: { unsent: 1, deadLetters: 0 }, held: 0 });
    expect(await countInOutbox(pool, 'customer', 'c1')).toEqual({ unsent: 0, deadLetters: 0 });
  });
});
