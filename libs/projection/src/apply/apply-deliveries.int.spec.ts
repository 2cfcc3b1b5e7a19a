import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { silentLogger } from '#kernel';
import type { Delivery } from '#messaging';
import { countDeadLetters } from '../dead-letters/dead-letters.js';
import { listDeadLetters, readDeadLetter } from '../dead-letters/list.js';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import { countingMetrics, deliveryOf, eventOf, noise, receivedShop } from '../testing/deliveries.js';
import {
  clearQueues,
  markedRoots,
  orderSearch,
  shopSources,
  untilBlocked,
  withOpenTransaction,
} from '../testing/shop.js';
import { applyDeliveries } from './apply-deliveries.js';

const order = (customerId: string, more: object = {}): Record<string, unknown> => ({
  customerId,
  status: 'pending',
  total: 1,
  lines: [],
  ...more,
});

describe('applying a batch of messages', () => {
  let db: ProjectionDatabase;
  let pool: pg.Pool;
  let metrics: ReturnType<typeof countingMetrics>;
  const sources = new Map(receivedShop.map((source) => [source.description.name, source]));
  beforeAll(async () => {
    db = await openProjection(shopSources, [orderSearch]);
    pool = db.pool;
  });
  afterAll(() => db.space.dispose());
  beforeEach(async () => {
    metrics = countingMetrics();
    for (const table of ['order', 'customer', 'product', 'payment'])
      await pool.query(`DELETE FROM copy_${table}`);
    await pool.query('DELETE FROM dead_letter');
    await clearQueues(pool);
  });

  const apply = (...deliveries: readonly Delivery[]): Promise<void> =>
    applyDeliveries(deliveries, { pool, sources, logger: silentLogger, metrics });
  const copies = async (source: string): Promise<readonly unknown[]> => {
    const { rows } = await pool.query<object>(
      `SELECT id, version::int, deleted, data FROM copy_${source} ORDER BY id`,
    );
    return rows;
  };
  const letters = async (): Promise<readonly unknown[]> =>
    (await listDeadLetters(pool)).map(({ kind, reason, source, aggregateId }) => ({
      kind,
      reason,
      source,
      aggregateId,
    }));

  it('comes to the same copies and covers the same roots in any order and with anything twice', async () => {
    const events = [
      eventOf('customer', 'c1', 1, { name: 'Ada' }),
      eventOf('order', 'o1', 1, order('c1')),
      eventOf('order', 'o1', 2, order('c2')),
      eventOf('payment', 'y1', 1, { orderId: 'o1', status: 'due' }),
      eventOf('order', 'o2', 1, order('c1')),
      eventOf('order', 'o2', 2, null),
      eventOf('customer', 'c2', 1, { name: 'Bob' }),
    ].map((event) => deliveryOf(event));
    const orders = [
      events,
      [...events].reverse(),
      [...events, ...events],
      [...events].reverse().concat(events),
    ];
    const results: unknown[] = [];
    for (const ordered of orders) {
      for (const table of ['order', 'customer', 'payment']) await pool.query(`DELETE FROM copy_${table}`);
      await clearQueues(pool);
      // Each alone, so that nothing is put in order within a batch.
      for (const delivery of ordered) await apply(delivery);
      await db.fanOut();
      const state = [await copies('order'), await copies('customer'), await copies('payment')];
      results.push({ state, marked: await markedRoots(pool) });
    }
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(results[0]).toMatchObject({
      state: [
        [
          { id: 'o1', version: 2 },
          { id: 'o2', version: 2, deleted: true, data: null },
        ],
        [{}, {}],
        [{}],
      ],
      marked: ['o1', 'o2'],
    });
  });

  it('parks what is malformed, of an unknown source or of a wrong type with its reason, and applies the rest', async () => {
    await apply(
      deliveryOf('not json'),
      deliveryOf(eventOf('starship', 's1', 1, { name: 'Rocinante' })),
      deliveryOf(eventOf('customer', 'c1', 1, { name: 7 })),
      deliveryOf(eventOf('customer', 'c2', 1, { id: 'c3', name: 'Cy' })),
      deliveryOf(
        JSON.stringify({ ...eventOf('customer', 'c4', 1, { name: 'Di' }), occurredAt: 'yesterday' }),
      ),
      deliveryOf(eventOf('customer', 'good', 1, { name: 'Eve' })),
    );
    expect(await copies('customer')).toMatchObject([{ id: 'good' }]);
    expect(await letters()).toEqual(
      expect.arrayContaining([
        { kind: 'envelope', reason: expect.stringContaining('not JSON'), source: null, aggregateId: null },
        {
          kind: 'envelope',
          reason: expect.stringContaining("'starship'"),
          source: 'starship',
          aggregateId: 's1',
        },
        { kind: 'envelope', reason: "'name' must be string.", source: 'customer', aggregateId: 'c1' },
        {
          kind: 'envelope',
          reason: expect.stringContaining("aggregateId 'c2'"),
          source: 'customer',
          aggregateId: 'c2',
        },
        {
          kind: 'envelope',
          reason: expect.stringContaining('occurredAt'),
          source: 'customer',
          aggregateId: 'c4',
        },
      ]),
    );
    expect(await countDeadLetters(pool)).toEqual({ envelope: 5, constraint: 0, document: 0 });
    expect(metrics.counts).toEqual({ 'dead envelope': 5, 'customer applied': 1 });
  });

  it('finds the rows that only the database refuses, however many, and applies all others', async () => {
    // Its key does not fit into an index row, and this contract lets everything through.
    const lax = receivedShop.map((source) => ({
      ...source,
      received: () => ({ faults: [], openValues: [] }),
    }));
    const laxly = (...deliveries: readonly Delivery[]): Promise<void> =>
      applyDeliveries(deliveries, {
        pool,
        sources: new Map(lax.map((source) => [source.description.name, source])),
        logger: silentLogger,
        metrics,
      });
    const poison = (id: string): Delivery => deliveryOf(eventOf('order', id, 1, order(noise(9_000))));
    const good = Array.from({ length: 60 }, (_, n) => deliveryOf(eventOf('order', `o${n}`, 1, order('c1'))));
    await laxly(
      poison('bad1'),
      ...good.slice(0, 31),
      poison('bad2'),
      ...good.slice(31),
      deliveryOf('garbage'),
    );
    expect(await copies('order')).toHaveLength(60);
    expect(await countDeadLetters(pool)).toEqual({ envelope: 1, constraint: 2, document: 0 });
    expect(await letters()).toContainEqual({
      kind: 'constraint',
      source: 'order',
      aggregateId: 'bad1',
      reason: expect.stringMatching(/SQLSTATE 54000/),
    });
    expect(metrics.counts).toMatchObject({ 'order applied': 60, 'dead constraint': 2, 'dead envelope': 1 });
  });

  it('keeps the body of a dead letter byte for byte, whatever is in it', async () => {
    const body = Buffer.from([0x00, 0xff, 0x7b, 0x22, 0x00]);
    await apply({ ...deliveryOf(''), body });
    await apply(
      deliveryOf(`{"source":"a\\u0000b","aggregateId":"\\ud800${'x'.repeat(5_000)}","version":1e300}`),
    );
    const [first, second] = await listDeadLetters(pool);
    const whole = await readDeadLetter(pool, first?.id ?? 0);
    expect(whole?.body?.equals(body)).toBe(true);
    expect(second).toMatchObject({ source: 'a\uFFFDb', version: null });
  });

  it('parks a message of a declared source whose id no database can hold, and applies its neighbours', async () => {
    await apply(
      ...['\0', '\ud800', 'x'.repeat(5_000)].map((id) =>
        deliveryOf(eventOf('customer', id, 1, { name: 'n' })),
      ),
      deliveryOf(eventOf('customer', 'good', 1, { name: 'Eve' })),
    );
    expect(await copies('customer')).toMatchObject([{ id: 'good' }]);
    expect(await countDeadLetters(pool)).toEqual({ envelope: 3, constraint: 0, document: 0 });
  });

  it('writes the dead letter of a message once, however often it is delivered', async () => {
    const bad = deliveryOf(eventOf('starship', 's1', 1, {}));
    await apply(bad, bad);
    await apply(bad);
    await apply(deliveryOf('garbage', 'm1'), deliveryOf('garbage', 'm2'));
    expect(await countDeadLetters(pool)).toEqual({ envelope: 3, constraint: 0, document: 0 });
  });

  it('heals a dead letter by a newer version of its aggregate, and not by an older one', async () => {
    await apply(deliveryOf(eventOf('customer', 'c1', 3, { name: 3 })));
    await apply(deliveryOf(eventOf('customer', 'c1', 2, { name: 'two' })));
    expect(await letters()).toHaveLength(1);
    await apply(deliveryOf(eventOf('customer', 'c1', 4, { name: 'four' })));
    expect(await letters()).toEqual([]);
    const { rows } = await pool.query('SELECT healed_at IS NOT NULL AS healed FROM dead_letter');
    expect(rows).toEqual([{ healed: true }]);
  });

  it('heals a dead letter that comes after the newer version, and again when it is delivered again', async () => {
    await apply(deliveryOf(eventOf('customer', 'c1', 4, { name: 'four' })));
    const late = deliveryOf(eventOf('customer', 'c1', 3, { name: 3 }));
    await apply(late);
    await apply(late);
    expect(await letters()).toEqual([]);
  });

  it('heals a dead letter whose newer version commits at the same time', async () => {
    await apply(deliveryOf(eventOf('customer', 'c1', 1, { name: 'one' })));
    const newer = await withOpenTransaction(pool, async (holder) => {
      await holder.query(`SELECT FROM copy_customer WHERE id = 'c1' FOR UPDATE`);
      const waits = apply(deliveryOf(eventOf('customer', 'c1', 3, { name: 'three' })));
      await untilBlocked(pool, 'INSERT INTO "copy_customer"');
      // Its letter is committed, and looked at for the first time, while version 3 is still open.
      await apply(deliveryOf(eventOf('customer', 'c1', 2, { name: 2 })));
      expect(await letters()).toHaveLength(1);
      // In an object, since a promise that is returned would be waited for while the lock is held.
      return { waits };
    });
    await newer.waits;
    expect(await letters()).toEqual([]);
  });

  it('applies values that the source does not declare yet, and counts them', async () => {
    await apply(deliveryOf(eventOf('order', 'o1', 1, order('c1', { status: 'novel' }))));
    expect(await copies('order')).toMatchObject([{ data: { status: 'novel' } }]);
    expect(metrics.counts).toEqual({ 'order applied': 1, 'order open': 1 });
  });

  it('counts an equal version with other data, and keeps the first', async () => {
    await apply(deliveryOf(eventOf('customer', 'c1', 1, { name: 'first' })));
    await apply(deliveryOf(eventOf('customer', 'c1', 1, { name: 'second' })));
    expect(await copies('customer')).toMatchObject([{ data: { name: 'first' } }]);
    expect(metrics.counts).toEqual({ 'customer applied': 1, 'customer conflicting': 1 });
  });

  it('rejects, and parks nothing, when what is wrong is not the message', async () => {
    await pool.query('ALTER TABLE copy_customer RENAME TO copy_away');
    const failing = apply(deliveryOf(eventOf('customer', 'c1', 1, { name: 'n' })), deliveryOf('garbage'));
    await expect(failing).rejects.toMatchObject({ code: '42P01' });
    await pool.query('ALTER TABLE copy_away RENAME TO copy_customer');
    expect(await letters()).toEqual([]);
  });

  it('repeats a batch that the database chose as the victim of a deadlock, and says so', async () => {
    await apply(...['a', 'b'].map((id) => deliveryOf(eventOf('customer', id, 1, { name: 'n' }))));
    await withOpenTransaction(pool, async (other) => {
      await other.query(`UPDATE copy_customer SET version = version WHERE id = 'b'`);
      const batch = apply(...['a', 'b'].map((id) => deliveryOf(eventOf('customer', id, 2, { name: 'm' }))));
      await untilBlocked(pool, 'INSERT INTO "copy_customer"');
      // Against the order that batches keep, as an operator's script might. The batch has waited longer, so it is the one
      // that finds the deadlock and gives way.
      await other.query(`UPDATE copy_customer SET version = version WHERE id = 'a'`);
      await other.query('COMMIT');
      await batch;
    });
    expect(metrics.counts).toMatchObject({ 'retried 40P01': 1, 'customer applied': 4 });
    expect(await copies('customer')).toMatchObject([{ version: 2 }, { version: 2 }]);
  });
});
