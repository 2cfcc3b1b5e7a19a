import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { newId, silentLogger } from '#kernel';
import { busNames, connectPublisher, encodeEnvelope, eventTopology } from '#messaging';
import { createTestSpace, eventually, type TestSpace } from '#testing';

const EVENTS = 3_000;

let space: TestSpace;
const children: ChildProcess[] = [];

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'], elasticsearch: true, rabbitmq: true });
}, 30_000);
afterAll(async () => {
  // One that a failed test left behind; to one that has ended it is nothing.
  for (const child of children) child.kill('SIGKILL');
  await space.dispose();
});

function start(env: Readonly<Record<string, string>>): { child: ChildProcess; errors: () => string } {
  const child = spawn(process.execPath, ['dist/apps/projector/src/main.js'], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return { child, errors: () => errors };
}

async function publishOrders(): Promise<void> {
  const publisher = connectPublisher({
    url: space.rabbitmqUrl,
    exchange: busNames(space.busPrefix).events,
    topology: eventTopology(space.busPrefix),
    connectionName: 'test',
    logger: silentLogger,
  });
  try {
    await eventually(() => expect(publisher.state).toBe('open'));
    const messages = Array.from({ length: EVENTS }, () => {
      const [id, occurredAt] = [newId(), new Date().toISOString()];
      const state = { customerId: id, status: 'pending', total: 0, discount: 0, placedAt: occurredAt };
      const body = encodeEnvelope({
        id: newId(),
        name: 'OrderPlaced',
        source: 'order',
        aggregateId: id,
        epoch: 0,
        version: 1,
        deleted: false,
        occurredAt,
        traceparent: null,
        data: { id, ...state, lines: [] },
      });
      return { id: newId(), routingKey: 'order.OrderPlaced', body };
    });
    const outcomes = await publisher.publish(messages);
    expect(outcomes.every(({ kind }) => kind === 'confirmed')).toBe(true);
  } finally {
    await publisher.close();
  }
}

async function applied(): Promise<number> {
  const { rows } = await space
    .pool('projection')
    .query<{ count: number }>('SELECT count(*)::int AS count FROM copy_order');
  return rows[0]?.count ?? 0;
}

async function leftInQueue(): Promise<number> {
  const connection = await amqp.connect(space.rabbitmqUrl);
  try {
    const channel = await connection.createChannel();
    return (await channel.checkQueue(busNames(space.busPrefix).projectorQueue)).messageCount;
  } finally {
    await connection.close();
  }
}

describe('a projector as a process', () => {
  it('ends with every fault of its configuration as a sentence, and exit code 1', async () => {
    const { child, errors } = start({ PROJECTOR_PORT: 'http', BUILD_LANES: '0' });
    expect(await once(child, 'close')).toEqual([1, null]);
    for (const name of ['PROJECTOR_PORT', 'BUILD_LANES', 'PROJECTION_DATABASE_URL']) {
      expect(errors()).toMatch(new RegExp(`- ${name} `));
    }
    expect(errors()).not.toContain('    at ');
  }, 30_000);

  it('ends with exit code 0 at a SIGTERM amid its work, with every event either applied or still in the queue', async () => {
    await publishOrders();
    const { child } = start({
      PROJECTOR_PORT: '0',
      PROJECTION_DATABASE_URL: space.databaseUrl('projection'),
      ELASTICSEARCH_URL: space.elasticsearchUrl,
      RABBITMQ_URL: space.rabbitmqUrl,
      BUS_PREFIX: space.busPrefix,
      INDEX_PREFIX: space.indexPrefix,
      APPLY_BATCH: '20',
      APPLY_PREFETCH: '40',
      LOG_LEVEL: 'fatal',
    });
    await eventually(async () => expect(await applied()).toBeGreaterThan(0), { timeoutMs: 30_000 });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);

    const done = await applied();
    expect(done).toBeLessThan(EVENTS);
    await eventually(async () => expect(done + (await leftInQueue())).toBe(EVENTS));
  }, 60_000);
});
