import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { newId } from '#kernel';
import { busNames } from '#messaging';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import {
  eventOf,
  orderState,
  projectorEnv,
  publishAll,
  spawnProjector,
  type ProjectorProcess,
} from './testing/projector-process.js';

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

function start(env: Readonly<Record<string, string>>): ProjectorProcess {
  const started = spawnProjector(env);
  children.push(started.child);
  return started;
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
    await publishAll(
      space,
      Array.from({ length: EVENTS }, () => eventOf('order', 1, orderState(newId()))),
    );
    const { child } = start({ ...projectorEnv(space), APPLY_BATCH: '20', APPLY_PREFETCH: '40' });
    await eventually(async () => expect(await applied()).toBeGreaterThan(0), { timeoutMs: 30_000 });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);

    const done = await applied();
    expect(done).toBeLessThan(EVENTS);
    await eventually(async () => expect(done + (await leftInQueue())).toBe(EVENTS));
  }, 60_000);
});
