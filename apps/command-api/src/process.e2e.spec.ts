import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { startProcess, type AppProcess } from './testing/app-process.js';
import { startCommitProxy } from './testing/commit-proxy.js';
import { migrateAll, newOrder, outboxOf, sender, testEnv } from './testing/test-app.js';

let space: TestSpace;
const running: AppProcess[] = [];

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders', 'payments'] });
  await migrateAll(space, ['orders']);
});

afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
});

afterAll(() => space?.dispose());

function start(entry: 'main' | 'migrate', env: Record<string, string>): AppProcess {
  const child = startProcess(entry, env);
  running.push(child);
  return child;
}

const ordersEnv = (): Record<string, string> => ({ ...testEnv(space, ['orders']), LOG_LEVEL: 'info' });

describe('the start', () => {
  it('ends with every fault of the configuration as a sentence, and exit code 1', async () => {
    const child = start('main', { SERVICES: 'orders,payments', COMMAND_API_PORT: 'http', RELAY: 'perhaps' });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    for (const name of ['COMMAND_API_PORT', 'RELAY', 'ORDERS_DATABASE_URL', 'PAYMENTS_DATABASE_URL']) {
      expect(child.output()).toMatch(new RegExp(`- ${name} `));
    }
    expect(child.output()).toContain('docs/configuration.md');
    expect(child.output()).not.toContain('    at ');
  });

  it('is refused while migrations are pending, and goes well after migrate, which may be started several times', async () => {
    const env = { ...testEnv(space, ['payments']), LOG_LEVEL: 'info' };
    const early = start('main', env);
    expect(await early.exited).toEqual({ code: 1, signal: null });
    expect(early.output()).toMatch(/payments lacks migrations.*\n.*npm run migrate/);

    const migrations = [1, 2, 3].map(() => start('migrate', env));
    expect(await Promise.all(migrations.map(({ exited }) => exited))).toEqual(
      migrations.map(() => ({ code: 0, signal: null })),
    );
    const outputs = migrations.map(({ output }) => output());
    expect(outputs.filter((output) => output.includes('CreatePayments'))).toHaveLength(1);
    const child = start('main', env);
    expect((await sender(await child.url())('GET', '/health/ready')).status).toBe(200);
  });

  it('says which database can not be used, without its password', async () => {
    const child = start('main', {
      ...ordersEnv(),
      ORDERS_DATABASE_URL: 'postgres://orders:hunter2@127.0.0.1:1/orders',
    });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.output()).toContain('The database of orders can not be used');
    expect(child.output()).not.toContain('hunter2');
  });
});

describe('a crash', () => {
  it('between commit and answer loses nothing: the repeat gets the answer that the first one should have had', async () => {
    const proxy = await startCommitProxy(space.databaseUrl('orders'));
    try {
      const id = randomUUID();
      const headers = { 'idempotency-key': randomUUID() };
      const first = start('main', { ...ordersEnv(), ORDERS_DATABASE_URL: proxy.url });
      const send = sender(await first.url());
      proxy.holdNextCommit();
      const lost = send('POST', '/orders', { ...newOrder, id }, headers).catch(() => 'no answer');
      await eventually(async () => expect(await outboxOf(space, 'orders', id)).toHaveLength(1));
      first.kill('SIGKILL');
      expect(await lost).toBe('no answer');

      const second = start('main', ordersEnv());
      const repeat = await sender(await second.url())('POST', '/orders', { ...newOrder, id }, headers);
      expect(repeat).toMatchObject({ status: 201, body: { id, version: 1, total: 4440 } });
      expect(repeat.headers.get('idempotency-replayed')).toBe('true');
      expect(repeat.headers.get('prejoin-wrote')).toBe(`order/${id}@1`);
      expect(await outboxOf(space, 'orders', id)).toHaveLength(1);
    } finally {
      await proxy.close();
    }
  });

  it('before the commit leaves nothing, and the repeat does the work', async () => {
    const id = randomUUID();
    const headers = { 'idempotency-key': randomUUID() };
    const first = start('main', ordersEnv());
    // Holds the command up at its first insert into orders.
    const holder = await space.pool('orders').connect();
    try {
      await holder.query('BEGIN; LOCK TABLE orders IN SHARE MODE');
      const lost = sender(await first.url())('POST', '/orders', { ...newOrder, id }, headers).catch(
        () => 'no answer',
      );
      await untilWaiting();
      first.kill('SIGKILL');
      expect(await lost).toBe('no answer');
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    const second = start('main', ordersEnv());
    const repeat = await sender(await second.url())('POST', '/orders', { ...newOrder, id }, headers);
    expect(repeat).toMatchObject({ status: 201, body: { id } });
    expect(repeat.headers.get('idempotency-replayed')).toBeNull();
    expect(await outboxOf(space, 'orders', id)).toHaveLength(1);
  });
});

describe('a signal', () => {
  let holder: PoolClient;
  let child: AppProcess;
  let url: string;

  beforeEach(async () => {
    child = start('main', ordersEnv());
    url = await child.url();
    holder = await space.pool('orders').connect();
    await holder.query('BEGIN; LOCK TABLE orders IN SHARE MODE');
  });

  afterEach(async () => {
    await holder.query('ROLLBACK');
    holder.release();
  });

  it('SIGTERM lets the running command end and answer, takes no new one, and ends with exit code 0', async () => {
    const answer = sender(url)('POST', '/orders', newOrder);
    await untilWaiting();
    child.kill('SIGTERM');
    await eventually(() => expect(child.output()).toContain('Stopping'));
    await eventually(() => expect(fetch(`${url}/health/live`)).rejects.toThrow());
    await holder.query('ROLLBACK');
    const { status, headers, body } = await answer;
    expect({ status, connection: headers.get('connection') }).toEqual({ status: 201, connection: 'close' });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(await outboxOf(space, 'orders', String(body['id']))).toHaveLength(1);
  });

  it('a second SIGTERM ends the process at once', async () => {
    const cut = sender(url)('POST', '/orders', newOrder).catch(() => 'cut');
    await untilWaiting();
    child.kill('SIGTERM');
    await eventually(() => expect(child.output()).toContain('Stopping'));
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(await cut).toBe('cut');
  });
});

/** Waits until a command waits for a lock in the database of orders. */
async function untilWaiting(): Promise<void> {
  await eventually(async () => {
    const { rows } = await space.pool('orders').query(`
      SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name LIKE 'prejoin%commands'`);
    expect(rows).toHaveLength(1);
  });
}
