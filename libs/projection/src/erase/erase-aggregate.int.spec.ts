import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { openPool, silentLogger } from '#kernel';
import type { Envelope } from '#messaging';
import type { SearchIndex } from '#search';
import { eventually } from '#testing';
import { compile, many, view } from '#views';
import { applyDeliveries } from '../apply/apply-deliveries.js';
import { listDeadLetters } from '../dead-letters/list.js';
import { retryDeadLetters } from '../dead-letters/retry.js';
import { insertDeadLetters, emptyLetter } from '../dead-letters/dead-letters.js';
import { noMetrics } from '../metrics.js';
import { pause, resume } from '../pause/pauses.js';
import { rebuild } from '../rebuild/rebuild.js';
import { inTransaction } from '../schema/transaction.js';
import {
  countMarks,
  expectedDocuments,
  gate,
  openBuilding,
  untilNoMarks,
  type Building,
} from '../testing/building.js';
import { deliveryOf, eventOf, receivedShop } from '../testing/deliveries.js';
import { documentsWith, tablesWith } from '../testing/find-text.js';
import { orderSearch, orderSearchWithNotes, shop, untilBlocked } from '../testing/shop.js';
import { eraseAggregate, findTraces, type EraseOptions } from './erase-aggregate.js';

const canary = 'Zorblax-of-Quuxington';
const overview = compile(
  view('customer-overview', shop.customer, (c) => ({
    name: c.name,
    orders: many(shop.order.customerId, { limit: 10 }, (o) => ({ total: o.total })),
  })),
);
const sources = new Map(receivedShop.map((source) => [source.description.name, source]));

let world: Building;
let claimPool: pg.Pool;

const deliver = (...events: readonly (Envelope | string)[]) =>
  applyDeliveries(
    events.map((event, at) => deliveryOf(event, `message ${at}`)),
    { pool: world.pool, sources, logger: silentLogger, metrics: noMetrics },
  );
const customer = (version: number, more: Partial<Envelope> = {}) =>
  eventOf('customer', 'cust-0001', version, { name: canary, note: `${canary} wrote this` }, more);
const order = (id: string, version = 1) =>
  eventOf('order', id, version, { customerId: 'cust-0001', status: 'pending', total: version, lines: [] });
const options = (more: Partial<EraseOptions> = {}): EraseOptions => ({
  ...world.context,
  claimPool,
  source: 'customer',
  id: 'cust-0001',
  sources: [...sources.keys()],
  signal: new AbortController().signal,
  ...more,
});
const rebuildOptions = () => ({
  ...world.context,
  plan: orderSearchWithNotes,
  indexPrefix: world.space.indexPrefix,
  holder: 'a spec',
});
const hits = async () => [
  ...(await tablesWith(world.pool, canary)),
  ...(await documentsWith(world.space.elasticsearchUrl, world.space.indexPrefix, canary)),
];
async function build(): Promise<void> {
  await world.fanOut();
  const builder = world.start({ restMs: 0 });
  await untilNoMarks(world.pool);
  await builder.close();
}

beforeEach(async () => {
  world = await openBuilding();
  claimPool = openPool({ connectionString: world.space.databaseUrl('projection'), max: 2 });
  await world.ensure(orderSearch, overview);
  await deliver(
    customer(3),
    order('o1'),
    order('o2'),
    eventOf('order', 'o3', 1, { customerId: 'other', status: 'pending', total: 1, lines: [] }),
  );
  await build();
});
afterEach(async () => {
  await claimPool.end();
  await world.dispose();
});

describe('an aggregate that is erased', () => {
  it('is found nowhere afterwards, whatever comes of it later', async () => {
    const building = world.start({ restMs: 0 });
    await rebuild(rebuildOptions());
    await building.close();
    // What could not be applied or indexed: a broken message of it, one that can not be told whose it is, a document.
    await deliver(
      eventOf('customer', 'cust-0001', 4, { name: canary, note: 7 }),
      `{"source":"clients","data":{"id":"cust-0001","name":"${canary}"}}`,
      `{"source":"order","aggregateId":"o9","data":{"customerId":"cust-0001"}}`,
    );
    const letter = {
      ...emptyLetter,
      kind: 'document',
      reason: `no ${canary}`,
      view: 'order-search',
    } as const;
    await inTransaction(world.pool, (client) =>
      insertDeadLetters(client, [
        { ...letter, rootId: 'o3', indexName: 'gone', body: Buffer.from(canary) },
        { ...letter, rootId: 'o2', indexName: 'gone', body: null },
      ]),
    );
    await world.pool.query(`UPDATE dead_letter SET healed_at = now() WHERE root_id = 'o3'`);
    expect(await hits()).toHaveLength(2 + 2 * 2 + 1);

    const { found, lettersDeleted, left } = await eraseAggregate(options());

    expect(left).toEqual([]);
    expect(found).toMatchObject({ copy: true, letters: { messages: 2, documents: 2, others: 1 } });
    expect(lettersDeleted).toEqual({ messages: 2, documents: 2 });
    expect(
      found.documents.map(({ generation, documents }) => [generation.view, generation.state, documents]),
    ).toEqual([
      ['customer-overview', 'live', 1],
      ['order-search', 'previous', 2],
      ['order-search', 'live', 2],
    ]);
    expect(await hits()).toEqual([]);
    expect((await listDeadLetters(world.pool)).map(({ aggregateId }) => aggregateId)).toEqual(['o9']);
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearchWithNotes));

    await deliver(customer(3), customer(1), customer(9), customer(1, { epoch: 5 }), order('o2', 2));
    await deliver(eventOf('customer', 'cust-0001', 10, { name: canary, note: 7 }, { epoch: 6 }));
    await retryDeadLetters({ pool: world.pool, sources, filter: {}, logger: silentLogger });
    const builder = world.start({ restMs: 0 });
    await world.fanOut();
    await rebuild(rebuildOptions());
    await builder.close();
    await untilNoMarks(world.pool);
    expect(await hits()).toEqual([]);
    expect(await world.documents('customer-overview')).toEqual(new Map());
    expect((await listDeadLetters(world.pool)).map(({ aggregateId }) => aggregateId)).toEqual(['o9']);
  }, 60_000);

  it('is kept out although no event of it had come yet', async () => {
    const { found, left } = await eraseAggregate(options({ id: 'cust-0002' }));
    expect([found.copy, left]).toEqual([false, []]);
    await deliver(eventOf('customer', 'cust-0002', 1, { name: canary, note: null }));
    await build();
    expect(await world.documents('customer-overview')).not.toHaveProperty('cust-0002');
    expect((await tablesWith(world.pool, canary)).filter((table) => table !== 'copy_customer')).toEqual([]);
  });

  it('is erased again without harm, and said to be erased since the first time', async () => {
    await eraseAggregate(options());
    const again = await eraseAggregate(options());
    expect(again).toMatchObject({ found: { copy: false }, left: [] });
    expect(again.found.erasedAt).toBeInstanceOf(Date);
  });

  it('leaves no letter of a document that was refused by a builder which had read it before', async () => {
    const held = gate();
    const refusing: SearchIndex = {
      ...world.index,
      write: async (operations) => {
        await held.pass();
        return operations.map(() => ({ kind: 'refused', reason: `not ${canary}` }));
      },
    };
    await deliver(order('o1', 2));
    const builder = world.start({ index: refusing, restMs: 0 });
    await held.reached;
    const erasing = eraseAggregate(options());
    await untilErased();
    held.open();
    await builder.close();
    expect((await erasing).left).toEqual([]);
    expect(await hits()).toEqual([]);
  }, 20_000);
});

const untilErased = () =>
  eventually(async () => {
    const { rowCount } = await world.pool.query('SELECT FROM copy_customer WHERE erased_at IS NOT NULL');
    expect(rowCount).toBe(1);
  });

describe('an erasure', () => {
  it('changes nothing when it only looks', async () => {
    expect(await findTraces(options())).toMatchObject({ copy: true, erasedAt: null });
    expect(await countMarks(world.pool)).toBe(0);
    expect(await hits()).toHaveLength(1 + 3);
  });

  it('waits for a letter that is being written, which else would keep what it says', async () => {
    const client = await world.pool.connect();
    await client.query('BEGIN');
    await insertDeadLetters(client, [
      {
        ...emptyLetter,
        kind: 'envelope',
        reason: `bad ${canary}`,
        source: 'customer',
        aggregateId: 'cust-0001',
        body: Buffer.from(canary),
      },
    ]);
    const erasing = eraseAggregate(options());
    await untilBlocked(world.pool, 'LOCK TABLE dead_letter');
    await client.query('COMMIT');
    client.release();
    expect((await erasing).left).toEqual([]);
    expect(await hits()).toEqual([]);
  });

  it('says what it could not reach: a paused view, an index that is closed, an index server that is away', async () => {
    await pause(world.pool, { kind: 'view', view: 'order-search' }, { by: 'ann', reason: null });
    const paused = await eraseAggregate(options());
    expect(paused.left).toEqual([
      {
        what: '2 documents of order-search that are not built yet',
        remedy: expect.stringContaining('npx prejoin resume order-search'),
      },
    ]);
    await resume(world.pool, { kind: 'view', view: 'order-search' });

    const away = await eraseAggregate(
      options({ index: { ...world.index, healthy: () => Promise.resolve(false) } }),
    );
    expect(away.left).toEqual([
      expect.objectContaining({ what: expect.stringContaining('does not answer') }),
    ]);

    expect((await eraseAggregate(options())).left).toEqual([]);
    expect(await hits()).toEqual([]);

    await world.pool.query(
      `UPDATE generation SET stopped = 'closed by the test' WHERE view = 'customer-overview'`,
    );
    const index = { ...world.index, count: () => Promise.reject(new Error('closed')) };
    expect((await eraseAggregate(options({ index }))).left).toEqual([
      expect.objectContaining({
        what: expect.stringMatching(/customer-overview.* \(live\), .*closed by the test/),
      }),
    ]);
  }, 30_000);

  it('is refused before the copies can remember it', async () => {
    await world.pool.query('ALTER TABLE copy_customer DISABLE TRIGGER prejoin_keep_erased');
    await expect(eraseAggregate(options())).rejects.toMatchObject({ code: 'erasure_not_ready' });
    expect(await hits()).toHaveLength(1 + 3);
  });
});
