import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
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
  type Send,
} from './testing/test-app.js';

let space: TestSpace;
let app: RunningApp;
let send: Send;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders', 'catalog'] });
  await migrateAll(space, ['orders', 'catalog']);
  app = await startTestApp(testEnv(space, ['orders', 'catalog']));
  send = sender(app.url);
});

afterAll(async () => {
  await app?.stop();
  await space?.dispose();
});

async function placed(): Promise<string> {
  return String((await send('POST', '/orders', newOrder)).body['id']);
}

describe('If-Match', () => {
  it('lets one of two concurrent changes through and answers the other 412 with the version that there is', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await placed();
      const headers = { 'if-match': '"1"' };
      const answers = await Promise.all([
        send('POST', `/orders/${id}/confirmation`, undefined, headers),
        send('POST', `/orders/${id}/cancellation`, undefined, headers),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
      const lost = answers.find(({ status }) => status === 412)!;
      expect(lost.body).toMatchObject({ code: 'version_not_current', currentVersion: 2 });
      expect(lost.headers.get('etag')).toBe('"2"');
      expect(await outboxOf(space, 'orders', id)).toHaveLength(2);
    }
  });

  it('takes any of a list, takes *, and refuses what is no entity tag', async () => {
    const id = await placed();
    const confirm = (value: string) =>
      send('POST', `/orders/${id}/confirmation`, undefined, { 'if-match': value });
    expect(await confirm('1')).toMatchObject({ status: 400, body: { errors: [{ parameter: 'If-Match' }] } });
    expect((await confirm('W/"1"')).status).toBe(412);
    expect((await confirm('"7", "1"')).status).toBe(200);
    expect((await send('POST', `/orders/${id}/cancellation`, undefined, { 'if-match': '*' })).status).toBe(
      200,
    );
  });
});

describe('the version of an aggregate', () => {
  it('has no gap and no twin under 50 concurrent changes, and every event carries the state of its version', async () => {
    const { body } = await send('POST', '/products', { sku: `S-${randomUUID()}`, name: 'Mug', price: 1 });
    const id = String(body['id']);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        send('POST', `/products/${id}/stock-adjustments`, { delta: 1, reason: 'count' }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    const versions = answers.map(({ body: stock }) => Number(stock['version'])).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 50 }, (_, i) => i + 2));
    const events = (await outboxOf(space, 'catalog', id)).filter(({ source }) => source === 'stock');
    expect(events.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 51 }, (_, i) => i + 1),
    );
    for (const { version, data } of events) expect(data?.['onHand']).toBe(version - 1);
  });

  it('is given once when two requests make the same id at once', async () => {
    const id = randomUUID();
    const answers = await Promise.all([0, 1, 2, 3].map(() => send('POST', '/orders', { ...newOrder, id })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect(await outboxOf(space, 'orders', id)).toHaveLength(1);
  });
});

describe('rows and their event', () => {
  const orders = () => space.pool('orders');

  afterEach(async () => {
    await orders().query(`
      DROP TRIGGER IF EXISTS broken ON outbox;
      DROP TRIGGER IF EXISTS broken ON orders;
      DROP FUNCTION IF EXISTS broken();`);
  });

  /** Makes every statement on `table` fail with `code`; a deferred one fails at the commit. */
  async function breakTable(
    table: 'outbox' | 'orders',
    code: string,
    when: 'now' | 'at commit',
  ): Promise<void> {
    await orders().query(`
      CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'secret words' USING ERRCODE = '${code}'; END $$;
      CREATE CONSTRAINT TRIGGER broken AFTER INSERT OR UPDATE ON ${table}
        ${when === 'now' ? '' : 'DEFERRABLE INITIALLY DEFERRED'} FOR EACH ROW EXECUTE FUNCTION broken();`);
  }

  async function traces(id: string, key: string): Promise<number> {
    const { rows } = await orders().query<{ n: number }>(
      `SELECT (SELECT count(*) FROM orders WHERE id = $1::uuid)::int
            + (SELECT count(*) FROM order_line WHERE order_id = $1::uuid)::int
            + (SELECT count(*) FROM outbox WHERE aggregate_id = $1::text)::int
            + (SELECT count(*) FROM idempotency_key WHERE key = $2)::int AS n`,
      [id, key],
    );
    return rows[0]!.n;
  }

  it.each([
    ['the event can not be appended', 'outbox', 'now'],
    ['the commit fails', 'orders', 'at commit'],
  ] as const)('are both absent, as is the idempotency key, when %s', async (_name, table, when) => {
    await breakTable(table, 'XX000', when);
    const id = randomUUID();
    const key = randomUUID();
    const answer = await send('POST', '/orders', { ...newOrder, id }, { 'idempotency-key': key });
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    expect(answer.text).not.toContain('secret');
    expect(await traces(id, key)).toBe(0);

    await orders().query(`DROP TRIGGER broken ON ${table}`);
    expect((await send('POST', '/orders', { ...newOrder, id }, { 'idempotency-key': key })).status).toBe(201);
    // the order, its two lines, its event and the key
    expect(await traces(id, key)).toBe(5);
  });

  it('are tried again after a deadlock, and answered 503 when it does not end', async () => {
    await breakTable('outbox', '40P01', 'now');
    const id = randomUUID();
    const stuck = send('POST', '/orders', { ...newOrder, id });
    expect(await stuck).toMatchObject({ status: 503, body: { code: 'transaction_conflict' } });
    expect((await stuck).headers.get('retry-after')).toBe('1');

    // Fails twice only: a sequence is not rolled back, so it can count the attempts.
    await orders().query(`
      CREATE SEQUENCE attempts;
      CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('attempts') <= 2 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF;
          RETURN NULL;
        END $$;`);
    expect((await send('POST', '/orders', { ...newOrder, id })).status).toBe(201);
    expect(await outboxOf(space, 'orders', id)).toHaveLength(1);
    await orders().query('DROP SEQUENCE attempts');
  });

  it('are answered 503 when the server ends the connection, and later commands get a new one', async () => {
    await breakTable('outbox', '57P01', 'now');
    const id = randomUUID();
    expect(await send('POST', '/orders', { ...newOrder, id })).toMatchObject({
      status: 503,
      body: { code: 'database_unavailable' },
    });
    await orders().query('DROP TRIGGER broken ON outbox');
    const { rowCount } = await orders().query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'prejoin%commands'`);
    expect(rowCount).toBeGreaterThan(0);
    // A backend ends a moment after it is told to, so a command may still meet one that is about to.
    await eventually(async () => {
      expect((await send('POST', '/orders', { ...newOrder, id })).status).toBe(201);
    });
  });
});
