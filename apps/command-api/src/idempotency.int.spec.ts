import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { RunningApp } from '#kernel/http';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import {
  migrateAll,
  newOrder,
  outboxOf,
  sender,
  startTestApp,
  testEnv,
  type Answer,
  type Send,
} from './testing/test-app.js';

let space: TestSpace;
let app: RunningApp;
let send: Send;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders'] });
  await migrateAll(space, ['orders']);
  app = await startTestApp(testEnv(space, ['orders']));
  send = sender(app.url);
});

afterAll(async () => {
  await app?.stop();
  await space?.dispose();
});

const place = (key: string, body: object = newOrder): Promise<Answer> =>
  send('POST', '/orders', body, { 'idempotency-key': key });

async function countOrders(): Promise<number> {
  const { rows } = await space.pool('orders').query<{ n: number }>('SELECT count(*)::int AS n FROM orders');
  return rows[0]!.n;
}

describe('Idempotency-Key', () => {
  it('gives a repeat the first answer, byte for byte, and says that it is a replay', async () => {
    const key = randomUUID();
    const first = await place(key);
    const before = await countOrders();
    const repeat = await place(key, {
      discount: newOrder.discount,
      lines: newOrder.lines,
      customerId: newOrder.customerId,
    });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(repeat.headers.get('idempotency-replayed')).toBe('true');
    expect({ status: repeat.status, text: repeat.text }).toEqual({ status: 201, text: first.text });
    for (const name of ['location', 'etag', 'prejoin-wrote', 'content-type']) {
      expect(repeat.headers.get(name)).toBe(first.headers.get(name));
    }
    expect(await countOrders()).toBe(before);
  });

  it('gives the first answer also when the order has moved on since', async () => {
    const { body } = await send('POST', '/orders', newOrder);
    const path = `/orders/${String(body['id'])}`;
    const headers = { 'idempotency-key': randomUUID() };
    const first = await send('POST', `${path}/confirmation`, undefined, headers);
    await send('POST', `${path}/cancellation`);
    expect(await send('POST', `${path}/confirmation`, undefined, headers)).toMatchObject({
      status: 200,
      text: first.text,
    });
  });

  it('refuses the key for another body, another path, and other bad keys', async () => {
    const key = randomUUID();
    const { body } = await place(key);
    const other = { status: 422, body: { code: 'idempotency_key_reused' } };
    expect(await place(key, { ...newOrder, discount: 0 })).toMatchObject(other);
    const path = `/orders/${String(body['id'])}/confirmation`;
    expect(await send('POST', path, undefined, { 'idempotency-key': key })).toMatchObject(other);
    expect(await send('GET', `/orders/${String(body['id'])}`)).toMatchObject({ body: { version: 1 } });
    for (const bad of ['x'.repeat(256), 'two words']) {
      expect(await place(bad)).toMatchObject({
        status: 400,
        body: { errors: [{ parameter: 'Idempotency-Key' }] },
      });
    }
  });

  it('has one effect when the same request comes many times at once, and gives all the same answer', async () => {
    const before = await countOrders();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 12 }, () => place(key)));
    expect(await countOrders()).toBe(before + 1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(11);
    expect(await outboxOf(space, 'orders', String(answers[0]!.body['id']))).toHaveLength(1);
  });

  it('waits for the first request, and does the work itself when that one rolls back', async () => {
    const key = randomUUID();
    const other = await space.pool('orders').connect();
    try {
      await other.query('BEGIN');
      await other.query(`INSERT INTO idempotency_key (key, request_hash) VALUES ($1, '\\x00')`, [key]);
      let answered = false;
      const second = place(key).finally(() => (answered = true));
      await eventually(async () => {
        const { rows } = await space.pool('orders')
          .query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO idempotency_key%'
                  AND datname = current_database()`);
        expect(rows).toHaveLength(1);
      });
      expect(answered).toBe(false);
      await other.query('ROLLBACK');
      expect(await second).toMatchObject({ status: 201 });
    } finally {
      other.release(true);
    }
  });

  it('keeps no key of a refused command, so that its repeat is judged anew', async () => {
    const id = randomUUID();
    const headers = { 'idempotency-key': randomUUID() };
    expect((await send('POST', `/orders/${id}/confirmation`, undefined, headers)).status).toBe(404);
    await send('POST', '/orders', { ...newOrder, id });
    const repeat = await send('POST', `/orders/${id}/confirmation`, undefined, headers);
    expect(repeat).toMatchObject({ status: 200, body: { status: 'confirmed' } });
    expect(repeat.headers.get('idempotency-replayed')).toBeNull();
  });
});
