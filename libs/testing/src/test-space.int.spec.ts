import { afterEach, expect, test } from '@jest/globals';
import amqp from 'amqplib';
import pg from 'pg';
import { createTestSpace, serverUrls, type TestSpace } from './index.js';

const spaces: TestSpace[] = [];

async function openSpace(...args: Parameters<typeof createTestSpace>): Promise<TestSpace> {
  const space = await createTestSpace(...args);
  spaces.push(space);
  return space;
}

afterEach(async () => {
  for (const space of spaces.splice(0)) await space.dispose();
});

test('each database of a space refuses the role of the other', async () => {
  const space = await openSpace({ databases: ['orders', 'customers'] });
  const { rows } = await space
    .pool('orders')
    .query<{ role: string; database: string }>('SELECT current_user AS role, current_database() AS database');
  expect(rows[0]?.role).toMatch(/^t_[0-9a-f]{8,}_orders$/);
  expect(rows[0]?.database).toBe(rows[0]?.role);

  const intruder = new URL(space.databaseUrl('orders'));
  intruder.pathname = new URL(space.databaseUrl('customers')).pathname;
  const client = new pg.Client({ connectionString: intruder.href });
  await expect(client.connect()).rejects.toMatchObject({ code: '42501' });
});

test('a pool is opened once per database and holds at most four connections', async () => {
  const space = await openSpace({ databases: ['orders'] });
  const pool = space.pool('orders');
  expect(space.pool('orders')).toBe(pool);
  await Promise.all(Array.from({ length: 12 }, () => pool.query('SELECT pg_sleep(0.02)')));
  expect(pool.totalCount).toBe(4);
});

test('two spaces on the same servers have nothing in common', async () => {
  const [a, b] = [await openSpace({ databases: ['orders'] }), await openSpace({ databases: ['orders'] })];
  expect(a.databaseUrl('orders')).not.toBe(b.databaseUrl('orders'));
  expect(a.busPrefix).not.toBe(b.busPrefix);
  expect(a.indexPrefix).not.toBe(b.indexPrefix);
});

test('dispose drops databases, roles, indices, queues and exchanges, also with connections open', async () => {
  const space = await createTestSpace({ databases: ['orders'], rabbitmq: true, elasticsearch: true });
  const held = new pg.Client({ connectionString: space.databaseUrl('orders') });
  held.on('error', () => undefined);
  await held.connect();
  await fetch(`${space.elasticsearchUrl}/${space.indexPrefix}kept`, { method: 'PUT' });
  const connection = await amqp.connect(space.rabbitmqUrl);
  const channel = await connection.createChannel();
  await channel.assertExchange(`${space.busPrefix}.events`, 'topic');
  await channel.assertQueue(`${space.busPrefix}.own`, { durable: true });
  space.dropLater({ queues: [`${space.busPrefix}.own`] });

  await space.dispose();

  const admin = new pg.Client({ connectionString: serverUrls().postgres });
  await admin.connect();
  const { rows } = await admin.query(
    `SELECT datname FROM pg_database WHERE starts_with(datname, $1)
      UNION SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)`,
    [`${space.busPrefix}_`],
  );
  await admin.end();
  expect(rows).toEqual([]);
  expect((await fetch(`${serverUrls().elasticsearch}/${space.indexPrefix}kept`)).status).toBe(404);
  expect(await exists(connection, (ch) => ch.checkQueue(`${space.busPrefix}.own`))).toBe(false);
  expect(await exists(connection, (ch) => ch.checkExchange(`${space.busPrefix}.events`))).toBe(false);
  await connection.close();
});

test('a server or database that was not asked for is refused in words', async () => {
  const space = await openSpace({ databases: ['orders'] });
  expect(() => space.databaseUrl('catalog')).toThrow(
    "This test space has no database 'catalog': it has orders.",
  );
  expect(() => space.rabbitmqUrl).toThrow('createTestSpace({ rabbitmq: true })');
  expect(() => space.elasticsearchUrl).toThrow('createTestSpace({ elasticsearch: true })');
});

async function exists(
  connection: amqp.ChannelModel,
  check: (channel: amqp.Channel) => Promise<unknown>,
): Promise<boolean> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  return check(channel).then(
    () => true,
    (error: { code?: number }) => {
      if (error.code === 404) return false;
      throw error;
    },
  );
}
