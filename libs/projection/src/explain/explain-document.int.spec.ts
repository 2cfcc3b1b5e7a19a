import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '#search';
import { compile, compute, count, int, many, one, view } from '#views';
import { emptyLetter, insertDeadLetters } from '../dead-letters/dead-letters.js';
import { readGenerations, type Generation } from '../generations/generation.js';
import { currentRevision } from '../revision/snapshot.js';
import { inTransaction } from '../schema/transaction.js';
import { openBuilding, untilNoMarks, type Building } from '../testing/building.js';
import { change, orderSearch, shop } from '../testing/shop.js';
import { explainDocument } from './explain-document.js';
import type { ExplainOptions } from './explanation.js';

const paid = compile(
  view('paid', shop.order, { where: { status: 'confirmed' } }, (o) => ({
    total: o.total,
    payment: one(shop.payment.orderId, { required: true }, (p) => p.status),
  })),
);
const overview = compile(
  view('customer-overview', shop.customer, (c) => ({
    name: c.name,
    orders: count(shop.order.customerId, { where: { status: 'pending' } }),
    latest: many(shop.order.customerId, { limit: 2 }, (o) => ({ total: o.total })),
  })),
);

let world: Building;
let nextVersion = 1;
const order = (id: string, status = 'pending', productId = 'p1') =>
  change('order', id, nextVersion++, {
    customerId: 'c1',
    status,
    total: 7,
    lines: [
      { productId, quantity: 1 },
      { productId: 'p9', quantity: 2 },
    ],
  });

async function build(): Promise<void> {
  await world.fanOut();
  const builder = world.start({ restMs: 0 });
  await untilNoMarks(world.pool);
  await builder.close();
}

async function liveOf(name: string): Promise<Generation> {
  const [generation] = await readGenerations(world.pool, name);
  if (generation === undefined) throw new Error(`${name} has no generation`);
  return generation;
}

const explain = async (name: string, id: string, more: Partial<ExplainOptions> = {}) =>
  explainDocument({
    pool: world.pool,
    index: world.index,
    computes: new Map(),
    generation: await liveOf(name),
    id,
    ...more,
  });

/** Puts something else into the index, past the builders. */
async function plant(id: string, change_: (document: Record<string, unknown>) => void): Promise<void> {
  const { indexName } = await liveOf('order-search');
  const stored = await world.index.get(indexName, id, { deadlineMs: 5_000 });
  const document = JSON.parse(stored?.source ?? '{}') as Record<string, unknown>;
  change_(document);
  const revision = stored?.revision ?? (await currentRevision(world.pool));
  await world.index.write(
    [{ kind: 'index', index: indexName, id, revision, body: JSON.stringify(document) }],
    5_000,
  );
}

beforeAll(async () => {
  world = await openBuilding();
  await world.ensure(orderSearch, paid, overview);
  await world.apply(
    change('customer', 'c1', nextVersion++, { name: 'Ann', note: null }, { epoch: 2 }),
    change('product', 'p1', nextVersion++, { sku: 's1', name: 'Lamp' }),
    ...['o1', 'o2', 'o3', 'o4', 'o5'].map((id) => order(id)),
    order('o6', 'confirmed'),
  );
  await world.apply(change('order', 'o5', nextVersion++, null));
  await build();
}, 30_000);
afterAll(() => world.dispose());

describe('a document that is explained', () => {
  it('names each part with its version, event and times, and joins that lead to nothing', async () => {
    const { verdict, parts, known, indexed, revision } = await explain('order-search', 'o1');
    expect(verdict).toBe('equal');
    expect(
      parts.map(({ path, source, id, aggregateId, row }) => [path, source, id, aggregateId, row?.epoch]),
    ).toEqual([
      ['', 'order', 'o1', 'o1', 0],
      ['customer', 'customer', 'c1', 'c1', 2],
      ['lines[0].product', 'product', 'p1', 'p1', 0],
      ['lines[1].product', 'product', null, 'p9', undefined],
      ['payment', 'payment', null, null, undefined],
    ]);
    const { rows } = await world.pool.query(
      `SELECT version::float8 AS version, event_id AS "eventId", occurred_at AS "occurredAt", applied_at AS "appliedAt"
       FROM copy_customer WHERE id = 'c1'`,
    );
    expect(parts[1]?.row).toMatchObject(rows[0] as object);
    expect(known).toMatchObject({ confirmed: true, deletes: false, confirmedAt: expect.any(Date) });
    expect(indexed).toMatchObject({ kind: 'document', document: { id: 'o1', total: 7 } });
    expect(revision).toBeGreaterThanOrEqual(known?.revision ?? Infinity);
  });

  it('counts the rows of a roll-up, by its filter', async () => {
    const { verdict, parts } = await explain('customer-overview', 'c1');
    expect(verdict).toBe('equal');
    expect(parts.find(({ path }) => path === 'orders')).toMatchObject({
      source: 'order',
      rolled: { rows: 4, elements: 4, value: 4, occurredAt: expect.any(Date), appliedAt: expect.any(Date) },
    });
    expect(parts.filter(({ path }) => path.startsWith('latest'))).toHaveLength(2);
  });

  it('is different when the index holds something else, field by field, null and absent told apart', async () => {
    await plant('o1', (document) => {
      document['total'] = 8;
      delete document['payment'];
    });
    const { verdict, differences } = await explain('order-search', 'o1');
    expect(verdict).toBe('different');
    expect(differences).toEqual([
      { path: 'total', before: 8, after: 7 },
      { path: 'payment', before: undefined, after: null },
    ]);
  });

  it('is missing when the index lost it, and surplus when it should not be there', async () => {
    const { indexName } = await liveOf('order-search');
    const revision = await currentRevision(world.pool);
    await world.index.write([{ kind: 'delete', index: indexName, id: 'o2', revision }], 5_000);
    expect(await explain('order-search', 'o2')).toMatchObject({
      verdict: 'missing',
      indexed: { kind: 'none' },
    });
    await plant('o77', (document) => void (document['id'] = 'o77'));
    expect(await explain('order-search', 'o77')).toMatchObject({
      verdict: 'surplus',
      expected: { kind: 'none', why: { kind: 'no_root' } },
    });
  });

  it.each([
    ['order-search', 'o5', { kind: 'deleted', root: { id: 'o5' } }],
    ['order-search', 'o99', { kind: 'no_root' }],
    ['paid', 'o3', { kind: 'filtered' }],
    ['paid', 'o6', { kind: 'lacks', part: { path: 'payment', source: 'payment', keys: ['o6'] } }],
  ])('is rightly not there in %s for %s, which is said why', async (name, id, why) => {
    expect(await explain(name, id)).toMatchObject({ verdict: 'equal', expected: { kind: 'none', why } });
  });

  it('tells what waits: its own marks, and changed keys that lead to it and to no other', async () => {
    await world.apply(change('product', 'p1', nextVersion++, { sku: 's1', name: 'Lantern' }));
    await world.apply(change('product', 'p5', nextVersion++, { sku: 's5', name: 'Chair' }));
    await world.apply(order('o3', 'pending', 'p5'));
    const third = await explain('order-search', 'o3');
    expect(third.verdict).toBe('different');
    expect(third.marks).toMatchObject([{ priority: 0, attempts: 0, indexName: null }]);
    expect(third.keys).toMatchObject([{ source: 'product', key: 'p5', job: false }]);
    const fourth = await explain('order-search', 'o4');
    expect([fourth.verdict, fourth.marks]).toEqual(['different', []]);
    expect(fourth.keys).toMatchObject([{ source: 'product', key: 'p1' }]);
    await build();
    expect(await explain('order-search', 'o4')).toMatchObject({ verdict: 'equal', keys: [], marks: [] });
  });

  it('tells the open dead letters of itself and of its aggregates, those that never came too', async () => {
    const letter = (more: object) => ({ ...emptyLetter, kind: 'envelope' as const, reason: 'bad', ...more });
    await inTransaction(world.pool, (client) =>
      insertDeadLetters(client, [
        letter({ source: 'product', aggregateId: 'p9', messageId: '1' }),
        letter({ source: 'product', aggregateId: 'p5', messageId: '2' }),
        letter({ kind: 'document', view: 'order-search', rootId: 'o4', indexName: 'x', messageId: '3' }),
        letter({ kind: 'document', view: 'paid', rootId: 'o4', indexName: 'x', messageId: '4' }),
      ]),
    );
    const { letters } = await explain('order-search', 'o4');
    expect(letters.map(({ messageId }) => messageId).sort()).toEqual(['1', '3']);
  });

  it('is told without the index server, and without a function that this code lacks', async () => {
    const away: SearchIndex = { ...world.index, get: () => Promise.reject(new Error('no route to host')) };
    const seen = await explain('order-search', 'o4', { index: away });
    expect(seen).toMatchObject({
      verdict: 'unknown',
      indexed: { kind: 'unknown', reason: 'no route to host' },
    });
    expect(seen.parts).toHaveLength(5);
    expect(seen.expected.kind).toBe('document');

    const plan = compile(
      view('order-search', shop.order, (o) => ({
        customer: one(o.customerId, (c) => c.name),
        twice: compute(int(), [o.total], (total) => total * 2),
      })),
    );
    const lacking = await explain('order-search', 'o4', {
      generation: { ...(await liveOf('order-search')), plan },
    });
    expect(lacking).toMatchObject({
      verdict: 'unknown',
      expected: { reason: expect.stringContaining('functions') },
    });
    expect(lacking.parts.map(({ path }) => path)).toEqual(['', 'customer']);
  });

  it('is read again when it was written between the two looks', async () => {
    let looks = 0;
    const busy: SearchIndex = {
      ...world.index,
      get: async (...args) => {
        looks += 1;
        if (looks === 1) {
          await world.apply(order('o4', 'confirmed'));
          await world.apply(
            change('customer', 'c1', nextVersion++, { name: 'Anna', note: null }, { epoch: 2 }),
          );
          await build();
        }
        return world.index.get(...args);
      },
    };
    expect((await explain('order-search', 'o4', { index: busy })).verdict).toBe('equal');
    expect(looks).toBe(2);
  });
});
