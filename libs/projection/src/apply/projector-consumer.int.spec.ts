import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { newId, silentLogger } from '#kernel';
import {
  busNames,
  connectPublisher,
  encodeEnvelope,
  eventTopology,
  routingKeyOf,
  type Consumer,
  type Envelope,
  type OutgoingMessage,
  type Publisher,
} from '#messaging';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { ensureCopyTables } from '../copies/copy-table.js';
import { countDeadLetters } from '../dead-letters/dead-letters.js';
import { listDeadLetters } from '../dead-letters/list.js';
import { installTriggers } from '../marks/triggers.js';
import { migrateProjection } from '../schema/migrate.js';
import { countingMetrics, eventOf, receivedShop } from '../testing/deliveries.js';
import { markedRoots, orderSearch, shopSources } from '../testing/shop.js';
import { startProjectorConsumer } from './start-projector-consumer.js';

describe('the projector consuming from the broker', () => {
  let space: TestSpace;
  let pool: pg.Pool;
  let publisher: Publisher;
  const consumers: Consumer[] = [];
  const metrics = countingMetrics();
  beforeAll(async () => {
    space = await createTestSpace({ databases: ['projection'], rabbitmq: true });
    pool = space.pool('projection');
    await migrateProjection(pool);
    await ensureCopyTables(pool, shopSources);
    await installTriggers(pool, [orderSearch]);
    publisher = connectPublisher({
      url: space.rabbitmqUrl,
      exchange: busNames(space.busPrefix).events,
      topology: eventTopology(space.busPrefix),
      logger: silentLogger,
    });
    await eventually(() => expect(publisher.state).toBe('open'));
  });
  afterAll(async () => {
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await publisher.close();
    await space.dispose();
  });

  const start = (): void => {
    consumers.push(
      startProjectorConsumer({
        pool,
        url: space.rabbitmqUrl,
        busPrefix: space.busPrefix,
        sources: receivedShop,
        metrics,
        maxBatch: 50,
      }),
    );
  };
  const message = (event: Envelope): OutgoingMessage => ({
    id: event.id,
    routingKey: routingKeyOf(event),
    body: encodeEnvelope(event),
  });
  const publish = async (...messages: readonly OutgoingMessage[]): Promise<void> => {
    const outcomes = await publisher.publish(messages);
    expect(outcomes.filter((outcome) => outcome.kind !== 'confirmed')).toEqual([]);
  };

  it('brings everything behind a bad message into the copies, by two competing consumers, in reverse and twice', async () => {
    const orders = Array.from({ length: 150 }, (_, n) =>
      [1, 2, 3].map((version) =>
        eventOf('order', `o${n}`, version, {
          customerId: 'c1',
          status: 'pending',
          total: version,
          lines: [],
        }),
      ),
    ).flat();
    const messages = orders.reverse().map(message);
    await publish(
      { id: newId(), routingKey: 'order.Changed', body: Buffer.from('{"broken":') },
      message(eventOf('starship', 's1', 1, {})),
      message(eventOf('customer', 'c0', 1, { name: 1 })),
      ...messages,
      ...messages,
    );
    start();
    start();
    await eventually(async () => {
      const { rows } = await pool.query(
        'SELECT version::int AS version, count(*)::int AS n FROM copy_order GROUP BY 1',
      );
      expect(rows).toEqual([{ version: 3, n: 150 }]);
      expect(await countDeadLetters(pool)).toEqual({ envelope: 3, constraint: 0, document: 0 });
    });
    expect(await markedRoots(pool)).toHaveLength(150);
    const reasons = (await listDeadLetters(pool)).map(({ reason }) => reason).join('\n');
    expect(reasons).toMatch(/not JSON/);
    expect(reasons).toMatch(/'starship'/);
    expect(reasons).toMatch(/'name' must be string/);
    await eventually(() => {
      const { counts } = metrics;
      const all = ['applied', 'superseded', 'duplicate'].map((outcome) => counts[`order ${outcome}`] ?? 0);
      expect(all.reduce((a, b) => a + b)).toBe(900);
    });
  });

  it('waits while the database refuses to work, and loses nothing', async () => {
    await pool.query('ALTER TABLE copy_customer RENAME TO copy_away');
    await publish(message(eventOf('customer', 'c1', 1, { name: 'Ada' })));
    await publish(
      message(eventOf('order', 'late', 1, { customerId: 'c1', status: 'pending', total: 1, lines: [] })),
    );
    await pool.query('ALTER TABLE copy_away RENAME TO copy_customer');
    await eventually(async () => {
      const { rows } = await pool.query(
        `SELECT id FROM copy_customer UNION ALL SELECT id FROM copy_order WHERE id = 'late'`,
      );
      expect(rows).toHaveLength(2);
    });
  });

  it('takes smaller batches, and fetches fewer, while the database is slow', async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
    const consumer = startProjectorConsumer({
      pool,
      url: space.rabbitmqUrl,
      busPrefix: space.busPrefix,
      sources: receivedShop,
      maxBatch: 400,
      minBatch: 5,
      // Nothing is as quick as that on any machine, and so it is slow to begin with.
      targetMs: 0.001,
    });
    consumers.push(consumer);
    expect(consumer.size).toEqual({ maxBatch: 100, prefetch: 400 });
    const events = Array.from({ length: 300 }, (_, n) =>
      eventOf('customer', `slow-${n}`, 1, { name: 'n', note: null }),
    );
    await publish(...events.map(message));
    await eventually(() => expect(consumer.size).toEqual({ maxBatch: 5, prefetch: 20 }));
    await eventually(async () => {
      const { rowCount } = await pool.query(`SELECT FROM copy_customer WHERE id LIKE 'slow-%'`);
      expect(rowCount).toBe(300);
    });
  });

  it('takes larger batches while the database is quick', async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
    const consumer = startProjectorConsumer({
      pool,
      url: space.rabbitmqUrl,
      busPrefix: space.busPrefix,
      sources: receivedShop,
      maxBatch: 80,
      minBatch: 5,
      maxAgeMs: 5_000,
      targetMs: 60_000,
    });
    consumers.push(consumer);
    expect(consumer.size.maxBatch).toBe(20);
    const events = Array.from({ length: 1_000 }, (_, n) =>
      eventOf('customer', `quick-${n}`, 1, { name: 'n', note: null }),
    );
    await publish(...events.map(message));
    await eventually(() => expect(consumer.size).toEqual({ maxBatch: 80, prefetch: 320 }));
  });
});
