import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningApp } from '#kernel/http';
import { outboxTables } from '#outbox';
import { pause, resume } from '#projection';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { readProjectorConfig } from '../../config.js';
import { startProjector } from '../../start.js';
import {
  awayUrls,
  cliEnvironment,
  startSilentServer,
  withCliProjection,
} from '../../testing/cli-projection.js';
import { eventOf, orderState, publishAll } from '../../testing/projector-process.js';
import { withBriefAccess } from '../brief-access.js';
import { formatStatus } from './format-status.js';
import { readStatus, type Status } from './read-status.js';

const ORDERS = 30;

let space: TestSpace;
let app: RunningApp;

/** The status with some servers somewhere else, and how long it took. */
async function statusWith(
  variables: Readonly<Record<string, string>> = {},
): Promise<{ status: Status; tookMs: number }> {
  return withCliProjection(space, variables, async (projection) => {
    const startedAt = performance.now();
    const status = await withBriefAccess(projection, (access) => readStatus(projection, access));
    return { status, tookMs: performance.now() - startedAt };
  });
}

const unseenParts = ({ unseen }: Status): readonly string[] =>
  unseen.filter(({ expected }) => !expected).map(({ part }) => part);

beforeAll(async () => {
  space = await createTestSpace({
    databases: ['projection', 'orders'],
    elasticsearch: true,
    rabbitmq: true,
  });
  const config = readProjectorConfig({
    ...cliEnvironment(space),
    PROJECTOR_PORT: '0',
    RELEASE: 'v7',
    LOG_LEVEL: 'fatal',
  });
  app = await startProjector(config, 'off');
  await publishAll(
    space,
    Array.from({ length: ORDERS }, (_, n) => eventOf('order', 1, orderState(`o${n}`))),
  );
}, 60_000);

afterAll(async () => {
  await app.stop();
  await space.dispose();
}, 30_000);

describe('the status', () => {
  it('tells what is served, how far behind it is, who builds it, and what waits', async () => {
    await eventually(
      async () => {
        const { status } = await statusWith();
        const orders = status.views?.find(({ view }) => view === 'order-search');
        expect(orders?.lagP50).toBeGreaterThan(0);
        expect(orders?.lagP99).toBeGreaterThanOrEqual(orders?.lagP50 ?? Infinity);
        expect(orders?.rate).toBeCloseTo(ORDERS / 60, 5);
        expect(status).toMatchObject({
          environment: 'test',
          withoutGeneration: [],
          marks: { count: 0, oldestSeconds: null },
          fanOut: { count: 0, oldestSeconds: null },
          paused: [],
          processes: [{ role: 'projector', pid: process.pid, release: 'v7', alive: true }],
          queues: [
            { queue: `${space.busPrefix}.projector`, messages: 0, consumers: 1 },
            { queue: `${space.busPrefix}.dead-letters`, messages: 0, consumers: 0 },
          ],
        });
        expect(status.generations).toContainEqual(
          expect.objectContaining({ view: 'order-search', generation: 1, state: 'live', documents: ORDERS }),
        );
        expect(unseenParts(status)).toEqual([]);
      },
      { timeoutMs: 25_000 },
    );
    const { status } = await statusWith();
    const text = formatStatus(status);
    expect(text).toMatch(/^order-search +1 +live +30 +[\d.]+ m?s +[\d.]+ m?s +0\.5 +0 +-/m);
    expect(text).toMatch(/^projector +\S+ +\d+ +v7 .* alive$/m);
  }, 40_000);

  it('tells what is paused, since when, by whom and why', async () => {
    const pool = space.pool('projection');
    await pause(pool, { kind: 'fan-out' }, { by: 'ann@desk', reason: 'a move' });
    const { status } = await statusWith();
    expect(status.paused).toMatchObject([{ what: 'fan-out', by: 'ann@desk', reason: 'a move' }]);
    expect(formatStatus(status)).toMatch(/^fan-out +20\S+Z +ann@desk +a move$/m);
    await resume(pool, { kind: 'fan-out' });
  });

  it('looks into the outboxes that it may see, and says of the others why not', async () => {
    const orders = space.pool('orders');
    for (const { sql } of outboxTables) await orders.query(sql);
    await orders.query(
      `INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body, created_at)
       VALUES (gen_random_uuid(), 'order', 'o1', 'OrderPlaced', 0, 1, 'order.OrderPlaced', '', now() - interval '5 minutes')`,
    );
    const before = process.env;
    process.env = { ...before, ORDERS_DATABASE_URL: space.databaseUrl('orders'), PAYMENTS_DATABASE_URL: '' };
    try {
      const { status } = await statusWith();
      const shown = status.outboxes.find(({ service }) => service === 'orders');
      expect(shown).toMatchObject({ waiting: 1, deadLetters: 0 });
      expect(shown?.oldestSeconds).toBeGreaterThan(299);
      expect(status.unseen).toContainEqual({
        part: 'database of payments',
        reason: 'PAYMENTS_DATABASE_URL is not set',
        expected: true,
      });
    } finally {
      process.env = before;
    }
  });
});

describe('a projector whose heartbeat can not be written', () => {
  it('builds all the same, and counts as gone until it can be', async () => {
    const lock = await space.pool('projection').connect();
    try {
      await lock.query('BEGIN; LOCK TABLE process, activity IN ACCESS EXCLUSIVE MODE');
      await publishAll(space, [eventOf('order', 1, orderState('while-locked'))]);
      await eventually(
        async () => {
          const served = await fetch(
            `${space.elasticsearchUrl}/${space.indexPrefix}order-search/_doc/while-locked`,
          );
          expect(served.status).toBe(200);
        },
        { timeoutMs: 20_000 },
      );
      // Who looks is not held up for long either, and says what it did not see.
      const { status } = await statusWith();
      expect(status).toMatchObject({ processes: null, marks: { count: 0 } });
      expect(unseenParts(status)).toEqual(['projectors']);
    } finally {
      await lock.query('ROLLBACK');
      lock.release();
    }
  }, 60_000);
});

describe('the status with a server away', () => {
  it('tells without the database what readers get, by the aliases', async () => {
    const { status } = await statusWith({ PROJECTION_DATABASE_URL: awayUrls.PROJECTION_DATABASE_URL });
    expect(status).toMatchObject({ marks: null, fanOut: null, views: null, paused: null, processes: null });
    expect(status.generations).toContainEqual(
      expect.objectContaining({
        view: 'order-search',
        generation: 1,
        state: 'served',
        documents: ORDERS + 1,
      }),
    );
    expect(status.queues).toMatchObject([{ messages: 0, consumers: 1 }, {}]);
    expect(unseenParts(status)).toEqual(['projection database', 'projectors']);
    expect(formatStatus(status)).toMatch(/^projection database .*connect ECONNREFUSED/m);
    // A view of which nothing is known is not said to have no generation.
    expect(status.withoutGeneration).toEqual([]);
  });

  it('tells without Elasticsearch everything but the documents', async () => {
    const { status } = await statusWith({ ELASTICSEARCH_URL: awayUrls.ELASTICSEARCH_URL });
    expect(status.generations).toContainEqual(
      expect.objectContaining({ view: 'order-search', state: 'live', documents: null, problem: null }),
    );
    expect(status.processes).toHaveLength(1);
    expect(unseenParts(status)).toEqual(['Elasticsearch']);
    expect(formatStatus(status)).toMatch(/^order-search +1 +live +\? /m);
  });

  it('tells without RabbitMQ everything but its queues', async () => {
    const { status } = await statusWith({ RABBITMQ_URL: awayUrls.RABBITMQ_URL });
    expect(status.queues).toBeNull();
    expect(status.marks).toMatchObject({ count: 0 });
    expect(unseenParts(status)).toEqual(['RabbitMQ']);
    expect(JSON.stringify(status)).not.toContain('secret');
  });

  it('waits for no server that takes the connection and never answers', async () => {
    const silent = await startSilentServer();
    try {
      const { status, tookMs } = await statusWith({
        PROJECTION_DATABASE_URL: `postgres://x:x@127.0.0.1:${silent.port}/x`,
        ELASTICSEARCH_URL: `http://127.0.0.1:${silent.port}`,
        RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${silent.port}`,
      });
      expect(unseenParts(status)).toEqual(['Elasticsearch', 'projection database', 'projectors', 'RabbitMQ']);
      // Three seconds for each of two that are asked one after the other, and a slow machine.
      expect(tookMs).toBeLessThan(9_000);
    } finally {
      await silent.close();
    }
  }, 20_000);
});
