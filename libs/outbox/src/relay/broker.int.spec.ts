import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Pool } from 'pg';
import { silentLogger } from '#kernel';
import { connectPublisher, startConsumer, type Consumer, type Publisher, type Topology } from '#messaging';
import {
  createTestSpace,
  eventually,
  startPrivateRabbitmq,
  type PrivateServer,
  type TestSpace,
} from '#testing';
import { listDeadLetters } from '../dead-letters.js';
import { outboxTables } from '../tables.js';
import { event, idsOf, insertEvents, type TestEvent } from '../testing/relay-bed.js';
import { startRelay, type Relay } from './relay.js';

const topology: Topology = {
  exchanges: [{ name: 'events', type: 'topic' }],
  queues: [{ name: 'projector', bindings: [{ exchange: 'events', routingKey: '#' }] }],
};
const reconnect = { baseMs: 50, maxMs: 500 };

let space: TestSpace;
let pool: Pool;
let broker: PrivateServer;
let publisher: Publisher;
let consumer: Consumer;
let relay: Relay;
let arrived: string[] = [];

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders'] });
  pool = space.pool('orders');
  for (const { sql } of outboxTables) await pool.query(sql);
  broker = await startPrivateRabbitmq();
  const common = { url: broker.url, topology, logger: silentLogger, reconnect };
  publisher = connectPublisher({ ...common, exchange: 'events', confirmDeadlineMs: 1_500 });
  consumer = startConsumer(
    { ...common, queue: 'projector', prefetch: 500, maxBatch: 100, maxBatchBytes: 1_000_000, maxAgeMs: 10 },
    (batch) => Promise.resolve(void arrived.push(...batch.map(({ messageId }) => messageId ?? ''))),
  );
  relay = startRelay({
    pool,
    publisher,
    logger: silentLogger,
    batchSize: 50,
    pollMs: 50,
    maxAttempts: 3,
    retry: { baseMs: 20, maxMs: 100 },
  });
}, 90_000);

beforeEach(async () => {
  arrived = [];
  await eventually(() => expect([publisher.state, consumer.state]).toEqual(['open', 'open']), {
    timeoutMs: 30_000,
  });
});

afterAll(async () => {
  await relay.close(1_000);
  await Promise.all([publisher.close(), consumer.close()]);
  await broker.dispose();
  await space.dispose();
}, 60_000);

/** The broker's own command line, which finds the node by the environment that the node runs in. */
async function rabbitmqctl(...args: string[]): Promise<void> {
  const environment = await readFile(`/proc/${broker.pid}/environ`, 'utf8');
  const env = Object.fromEntries(
    environment.split('\0').map((entry) => [entry.split('=', 1)[0]!, entry.slice(entry.indexOf('=') + 1)]),
  );
  await promisify(execFile)('/usr/lib/rabbitmq/bin/rabbitmqctl', args, { env });
}

async function allArrive(events: readonly TestEvent[]): Promise<void> {
  const ids = idsOf(events);
  await eventually(() => expect([...new Set(arrived)].sort()).toEqual(expect.arrayContaining(ids)), {
    timeoutMs: 45_000,
  });
}

it('claims nothing while the broker raises its memory alarm, and goes on when it clears', async () => {
  await rabbitmqctl('set_vm_memory_high_watermark', '0');
  const events = Array.from({ length: 20 }, () => event());
  // The broker tells a connection that it is blocked when that connection publishes.
  await insertEvents(pool, events);
  await eventually(() => expect(publisher.state).toBe('blocked'));
  await eventually(() => expect(relay.state).toBe('waiting'));
  const claims = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`;
  expect((await pool.query(claims)).rows).toEqual([]);
  // The consumer's connection is its own, and not blocked.
  expect(consumer.state).toBe('open');
  expect(arrived).toEqual([]);

  await rabbitmqctl('set_vm_memory_high_watermark', '0.6');
  await allArrive(events);
  expect(await listDeadLetters(pool)).toEqual([]);
}, 90_000);

it('loses nothing when the broker is killed and started again while events are written', async () => {
  const events: TestEvent[] = [];
  for (let round = 0; round < 40; round += 1) {
    const some = Array.from({ length: 25 }, () => event());
    events.push(...some);
    await insertEvents(pool, some);
    if (round === 10) await broker.kill();
    if (round === 30) await broker.start();
  }
  await allArrive(events);
  await eventually(async () => expect((await pool.query('SELECT 1 FROM outbox')).rows).toEqual([]));
  expect(await listDeadLetters(pool)).toEqual([]);
}, 90_000);

it('gives up a message above what the broker takes, and delivers its neighbours', async () => {
  // The limit holds for channels that are opened from then on.
  await rabbitmqctl(
    'eval',
    'application:set_env(rabbit, max_message_size, 10000), ' +
      'rabbit_networking:close_connections(rabbit_networking:connections(), "new limit").',
  );
  const large = event({ body: JSON.stringify('x'.repeat(20_000)) });
  const others = Array.from({ length: 30 }, () => event());
  await insertEvents(pool, [...others.slice(0, 15), large, ...others.slice(15)]);
  await allArrive(others);
  await eventually(
    async () => {
      await insertEvents(pool, [event()]);
      expect(await listDeadLetters(pool)).toMatchObject([
        { eventId: large.id, reason: expect.stringContaining('larger than') as string },
      ]);
    },
    { timeoutMs: 45_000 },
  );
  expect(arrived).not.toContain(large.id);
}, 90_000);
