import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestSpace, type TestSpace } from '#testing';
import { readOutboxState } from './outbox-state.js';
import { pauseRelay } from './relay/control.js';
import { outboxTables } from './tables.js';

let space: TestSpace;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders'] });
  for (const { sql } of outboxTables) await space.pool('orders').query(sql);
});
afterAll(() => space.dispose());

describe('the state of an outbox', () => {
  it('is quiet where nothing waits and nobody relays', async () => {
    expect(await readOutboxState(space.pool('orders'))).toEqual({
      waiting: 0,
      oldestSeconds: null,
      suspects: 0,
      deadLetters: 0,
      paused: null,
      relays: [],
    });
  });

  it('tells what waits, what was given up, who paused it, and which relays are alive', async () => {
    const pool = space.pool('orders');
    const columns = `event_id, source, aggregate_id, name, epoch, version, routing_key, body`;
    const event = `gen_random_uuid(), 'order', 'o1', 'OrderPlaced', 0, 1, 'order.OrderPlaced', ''`;
    await pool.query(
      `INSERT INTO outbox (${columns}, suspect, created_at) VALUES
         (${event}, false, now() - interval '5 minutes'), (${event}, true, now());
       INSERT INTO outbox_dead_letter (seq, ${columns}, attempts, reason, suspect, created_at)
         VALUES (9, ${event}, 20, 'returned', false, now());
       INSERT INTO relay_process (process, host, pid, state, started_at, seen_at) VALUES
         ('a', 'node-1', 7, 'open', now() - interval '1 hour', now()),
         ('b', 'node-2', 8, 'open', now() - interval '1 minute', now() - interval '30 seconds')`,
    );
    await pauseRelay(pool, 'ann');
    const state = await readOutboxState(pool);
    expect(state).toMatchObject({
      waiting: 2,
      suspects: 1,
      deadLetters: 1,
      paused: { by: 'ann' },
      relays: [
        { host: 'node-1', pid: 7, alive: true },
        { host: 'node-2', pid: 8, alive: false },
      ],
    });
    expect(state.oldestSeconds).toBeGreaterThan(299);
  });
});
