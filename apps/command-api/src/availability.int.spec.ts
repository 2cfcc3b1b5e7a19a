import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { busNames } from '#messaging';
import { createTestSpace, eventually, startFaultyProxy, type FaultyProxy, type TestSpace } from '#testing';
import {
  migrateAll,
  newCustomer,
  newOrder,
  outboxOf,
  sender,
  startTestApp,
  testEnv,
} from './testing/test-app.js';

let space: TestSpace;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders', 'customers'], rabbitmq: true });
  await migrateAll(space, ['orders', 'customers']);
});

afterAll(() => space?.dispose());

async function metric(baseUrl: string, line: string): Promise<number> {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  if (found === undefined) throw new Error(`There is no metric ${line}.`);
  return Number(found.slice(line.length));
}

/** Takes what is in the projector's queue. */
async function received(): Promise<{ routingKey: string; name: string }[]> {
  const connection = await amqp.connect(space.rabbitmqUrl);
  try {
    const channel = await connection.createChannel();
    const messages: { routingKey: string; name: string }[] = [];
    for (;;) {
      const message = await channel.get(busNames(space.busPrefix).projectorQueue, { noAck: true });
      if (message === false) return messages;
      const { name } = JSON.parse(message.content.toString()) as { name: string };
      messages.push({ routingKey: message.fields.routingKey, name });
    }
  } finally {
    await connection.close();
  }
}

describe('the relay in command-api', () => {
  it('publishes what a command appended to the queue of the projector, though that never ran', async () => {
    const app = await startTestApp({
      ...testEnv(space, ['orders']),
      RELAY: 'on',
      RABBITMQ_URL: space.rabbitmqUrl,
    });
    try {
      const send = sender(app.url);
      const { body } = await send('POST', '/orders', newOrder);
      await send('POST', `/orders/${String(body['id'])}/confirmation`);
      await eventually(async () => expect(await outboxOf(space, 'orders')).toEqual([]));
      await eventually(async () =>
        expect(await metric(app.url, 'prejoin_outbox_relayed_total{service="orders"}')).toBe(2),
      );
      expect(await metric(app.url, 'prejoin_outbox_dead_lettered_total{service="orders"}')).toBe(0);
      expect(await metric(app.url, 'prejoin_outbox_oldest_seconds{service="orders"}')).toBe(0);
      expect((await received()).sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
        { routingKey: 'order.OrderConfirmed', name: 'OrderConfirmed' },
        { routingKey: 'order.OrderPlaced', name: 'OrderPlaced' },
      ]);
    } finally {
      await app.stop();
    }
  });

  it('keeps events while the broker is away: commands go on, readiness says so, and all go out when it is back', async () => {
    const broker = await startFaultyProxy(space.rabbitmqUrl);
    broker.refuse();
    const app = await startTestApp({ ...testEnv(space, ['orders']), RELAY: 'on', RABBITMQ_URL: broker.url });
    try {
      const send = sender(app.url);
      for (let i = 0; i < 3; i += 1) expect((await send('POST', '/orders', newOrder)).status).toBe(201);
      expect(await send('GET', '/health/ready')).toMatchObject({
        status: 503,
        body: { dependencies: { 'orders database': { up: true }, 'orders broker': { up: false } } },
      });
      expect((await send('GET', '/health/live')).status).toBe(200);
      expect(await metric(app.url, 'prejoin_outbox_oldest_seconds{service="orders"}')).toBeGreaterThan(0);
      expect(await outboxOf(space, 'orders')).toHaveLength(3);

      broker.accept();
      await eventually(async () => expect((await send('GET', '/health/ready')).status).toBe(200), {
        timeoutMs: 20_000,
      });
      await eventually(async () => expect(await outboxOf(space, 'orders')).toEqual([]));
      expect(await received()).toHaveLength(3);
    } finally {
      await app.stop();
      await broker.close();
    }
  });
});

describe('a service whose database is away', () => {
  let database: FaultyProxy;

  it('answers 503 with a code and says so in its readiness, while its neighbours serve', async () => {
    database = await startFaultyProxy(space.databaseUrl('orders'));
    const app = await startTestApp({
      ...testEnv(space, ['orders', 'customers']),
      ORDERS_DATABASE_URL: database.url,
    });
    try {
      const send = sender(app.url);
      expect((await send('POST', '/orders', newOrder)).status).toBe(201);
      database.refuse();
      const refused = await send('POST', '/orders', newOrder);
      expect(refused).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
      expect(refused.headers.get('retry-after')).toBe('1');
      expect((await send('POST', '/customers', newCustomer)).status).toBe(201);
      await eventually(async () =>
        expect(await send('GET', '/health/ready')).toMatchObject({
          status: 503,
          body: { dependencies: { 'orders database': { up: false }, 'customers database': { up: true } } },
        }),
      );
      database.accept();
      await eventually(async () => expect((await send('POST', '/orders', newOrder)).status).toBe(201));
      await eventually(async () => expect((await send('GET', '/health/ready')).status).toBe(200));
    } finally {
      await app.stop();
      await database.close();
    }
  });
});

describe('SERVICES', () => {
  it('hosts those that it names: others have no route, no documentation, and need no database', async () => {
    const app = await startTestApp(testEnv(space, ['customers']));
    try {
      const send = sender(app.url);
      expect((await send('POST', '/customers', newCustomer)).status).toBe(201);
      expect(await send('POST', '/orders', newOrder)).toMatchObject({
        status: 404,
        body: { code: 'route_not_found' },
      });
      expect(Object.keys(app.openapi.paths)).toEqual([
        '/customers',
        '/customers/{id}',
        '/customers/{id}/tier',
      ]);
    } finally {
      await app.stop();
    }
  });
});
