import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, RefusedError, type Client, type Filter, type ViewClient } from '#client';
import { orderSearch, type OrderSearch } from '#commerce';
import type { FieldsOf } from '#views';
import { listings, places } from './testing/listings.js';
import { serve, type Served } from './testing/serve.js';

const customers = ['Anna Schmidt', 'Ben Andrews', 'Smith, John', null] as const;
const tiers = ['basic', 'silver', 'gold'] as const;
const statuses = ['pending', 'confirmed', 'cancelled'] as const;
const lamp = { id: 'p-a', sku: 'A-1', name: 'Blue lamp' };
const chair = { id: 'p-b', sku: 'B-1', name: 'Red chair' };
const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n, 12)).toISOString();

function of<T>(values: readonly [T, ...T[]], n: number): T {
  return values[n % values.length] ?? values[0];
}

/** Orders that differ in every field, some with no customer, lines, payment or shipment. */
function orderNumber(n: number): OrderSearch {
  const name = of(customers, n);
  const lines = [
    { quantity: n % 5, unitPrice: 100, product: n % 7 === 0 ? null : lamp },
    { quantity: 4 - (n % 5), unitPrice: 250, product: chair },
  ].slice(0, n % 3);
  return {
    id: `o${String(n).padStart(3, '0')}`,
    status: of(statuses, n),
    total: n * 100,
    discount: n % 2,
    placedAt: day(n),
    customer:
      name === null
        ? null
        : { id: `c${n % 4}`, name, email: 'x@shop.example', tier: of(tiers, n), city: 'York', country: 'GB' },
    lines,
    payment: n % 4 === 0 ? null : { status: of(['due', 'paid'], n), paidAt: n % 4 === 1 ? day(n + 1) : null },
    shipment: null,
    net: n * 100 - (n % 2),
  };
}
const orders = Array.from({ length: 130 }, (_, n) => orderNumber(n));

type OrderFilter = Filter<FieldsOf<typeof orderSearch>>;
type Case = readonly [name: string, where: OrderFilter, matches: (order: OrderSearch) => boolean];
const instant = (text: string): number => Date.parse(text);
const cases: readonly Case[] = [
  ['a value', { status: 'pending' }, (o) => o.status === 'pending'],
  [
    'several values',
    { 'customer.tier': ['gold', 'basic'] },
    (o) => o.customer !== null && o.customer.tier !== 'silver',
  ],
  ['a value with a comma', { 'customer.name': 'Smith, John' }, (o) => o.customer?.name === 'Smith, John'],
  ['no value', { status: [] }, () => false],
  ['eq', { total: { eq: [100, 200] } }, (o) => o.total === 100 || o.total === 200],
  ['ne', { 'payment.status': { ne: 'paid' } }, (o) => o.payment?.status === 'due'],
  ['ne of several', { status: { ne: ['pending', 'cancelled'] } }, (o) => o.status === 'confirmed'],
  ['gt and lte', { total: { gt: 500, lte: 900 } }, (o) => o.total > 500 && o.total <= 900],
  ['gte and lt', { net: { gte: 500, lt: 900 } }, (o) => o.net >= 500 && o.net < 900],
  ['exists', { 'payment.paidAt': { exists: true } }, (o) => (o.payment?.paidAt ?? null) !== null],
  ['exists: false', { 'payment.status': { exists: false } }, (o) => o.payment === null],
  ['null', { 'payment.paidAt': null }, (o) => (o.payment?.paidAt ?? null) === null],
  ['prefix', { 'customer.name': { prefix: 'An' } }, (o) => o.customer?.name.startsWith('An') === true],
  [
    'all',
    { 'lines.product.sku': { all: ['A-1', 'B-1'] } },
    (o) => ['A-1', 'B-1'].every((sku) => o.lines.some(({ product }) => product?.sku === sku)),
  ],
  [
    'two conditions on one line',
    { 'lines.product.sku': 'A-1', 'lines.quantity': { gte: 3 } },
    (o) => o.lines.some((line) => line.product?.sku === 'A-1' && line.quantity >= 3),
  ],
  [
    'and, of different lines',
    { and: [{ 'lines.product.sku': 'A-1' }, { 'lines.quantity': { gte: 3 } }] },
    (o) =>
      o.lines.some(({ product }) => product?.sku === 'A-1') && o.lines.some(({ quantity }) => quantity >= 3),
  ],
  [
    'or and not',
    { or: [{ total: { lt: 300 } }, { not: { status: ['pending', 'confirmed'] } }] },
    (o) => o.total < 300 || o.status === 'cancelled',
  ],
  ['not of a missing value', { not: { 'payment.status': 'due' } }, (o) => o.payment?.status !== 'due'],
  [
    'instants',
    { placedAt: { gte: '2026-02-01', lt: '2026-03-01T12:00:00Z' } },
    (o) => o.placedAt >= day(31) && o.placedAt < day(59),
  ],
  ['a whole day', { placedAt: '2026-02-03' }, (o) => o.placedAt === day(33)],
  [
    'a relative instant',
    { placedAt: { lt: 'now-7d' } },
    (o) => instant(o.placedAt) < Date.now() - 7 * 86_400_000,
  ],
  ['ids', { id: ['o001', 'o002', 'nobody'] }, (o) => o.id === 'o001' || o.id === 'o002'],
  [
    'what is undefined, which asks nothing',
    { status: undefined, total: { gte: 100, lt: undefined } },
    (o) => o.total >= 100,
  ],
];

describe('The typed client', () => {
  let served: Served;
  let client: Client;
  let view: ViewClient<typeof orderSearch>;
  beforeAll(async () => {
    served = await serve([
      [orderSearch, orders.map((order) => ({ ...order }))],
      [listings, places],
    ]);
    client = createClient({ baseUrl: served.running.url });
    view = client.view(orderSearch);
  });
  afterAll(() => served.close());

  const all = async <T>(reading: AsyncIterable<T>): Promise<T[]> => {
    const found: T[] = [];
    for await (const one of reading) found.push(one);
    return found;
  };

  test.each(cases)(
    '%s: search and export find what a loop over the documents finds',
    async (_, where, matches) => {
      const expected = orders.filter(matches);
      const { data, total } = await view.search({ where, sort: 'id', limit: 100 });
      expect(data).toEqual(expected.slice(0, 100));
      expect(total).toBe(expected.length);
      expect(await all(view.export({ where, sort: 'id' }))).toEqual(expected);
    },
  );

  test('near a place', async () => {
    const where = { at: { near: { lat: 52.37, lon: 4.89, distance: '60km' } } } as const;
    const { data } = await client.view(listings).search({ where, sort: 'name' });
    expect(data.map(({ id }) => id)).toEqual(['dam', 'utrecht']);
    expect((await client.view(listings).search({ where: { at: null } })).data).toEqual([places[2]]);
  });

  test('pages and documents follow the cursor to the end, and are not asked for before they are wanted', async () => {
    const sizes = (await all(view.pages({ sort: '-total', limit: 50 }))).map(({ data }) => data.length);
    expect(sizes).toEqual([50, 50, 30]);
    expect(await all(view.each({ sort: '-total' }))).toEqual(orders.toReversed());
    for await (const { id } of view.each({ sort: 'id', limit: 1 })) if (id === 'o001') break;
    const held = await all(view.pages({ sort: 'id', limit: 60, snapshot: '1m' }));
    expect(held.flatMap(({ data }) => data)).toEqual(orders);
  });

  test('a page is found again by its cursor, with its own query only', async () => {
    const query = { where: { status: 'pending' }, sort: 'id', limit: 10, facets: ['status'] } as const;
    const first = await view.search(query);
    const second = await view.after(first.next ?? '', query);
    expect(second.data).toEqual(orders.filter(({ status }) => status === 'pending').slice(10, 20));
    expect(second.total).toBe(first.total);
    const other = view.after(first.next ?? '', { ...query, where: { status: 'confirmed' } });
    await expect(other).rejects.toMatchObject({ code: 'cursor_mismatch' });
    const third = await view.search({ sort: 'id', limit: 20, page: 3 });
    expect(third.data).toEqual(orders.slice(40, 60));
  });

  test('a filter that has no room in a URL is searched', async () => {
    const names = Array.from({ length: 190 }, (_, at) => `018f2f6e-9d2a-7c3b-8f4e-5a6b7c8d${at}`);
    const { total } = await view.search({
      where: { 'customer.name': [...names, 'Ben Andrews'] },
      totals: 'exact',
    });
    expect(total).toBe(orders.filter(({ customer }) => customer?.name === 'Ben Andrews').length);
  });

  test('parts of documents: what has no part is absent, and nothing else', async () => {
    const { data } = await view.search({
      fields: ['status', 'customer.name', 'lines.product.sku', 'payment.paidAt'],
      sort: 'id',
      limit: 100,
    });
    expect(data).toEqual(
      orders.slice(0, 100).map(({ id, status, customer, lines, payment }) => ({
        id,
        status,
        ...(customer && { customer: { name: customer.name } }),
        ...(lines.some(({ product }) => product !== null) && {
          lines: lines.flatMap(({ product }) =>
            product === null ? [] : [{ product: { sku: product.sku } }],
          ),
        }),
        ...(payment && { payment: { paidAt: payment.paidAt } }),
      })),
    );
  });

  test('facets, marks and totals come as they are typed', async () => {
    const found = await view.search({
      q: 'lamp',
      in: ['lines.product.name'],
      highlight: ['lines.product.name'],
      facets: ['status', 'placedAt:month', 'total:..5000|5000..'],
      limit: 1,
      sort: 'id',
    });
    const lamps = orders.filter(({ lines }) => lines.some(({ product }) => product?.name === 'Blue lamp'));
    const count = (matches: (order: OrderSearch) => boolean): number => lamps.filter(matches).length;
    expect(Object.fromEntries(found.facets.status.values.map(({ value, count: of }) => [value, of]))).toEqual(
      Object.fromEntries(
        statuses.map((status) => [status, count((o) => o.status === status)]).filter(([, of]) => of !== 0),
      ),
    );
    expect(found.facets.placedAt.values[0]).toEqual({
      value: '2026-01',
      count: count((o) => o.placedAt < '2026-02'),
    });
    expect(found.facets.total.ranges).toEqual([
      { from: null, to: 5000, count: count((o) => o.total < 5000) },
      { from: 5000, to: null, count: count((o) => o.total >= 5000) },
    ]);
    const [first] = found.data;
    expect(first).toEqual(lamps[0]);
    expect(found.highlights?.[first?.id ?? '']?.['lines.product.name']).toContain('Blue <mark>lamp</mark>');
    expect((await view.search({ totals: 'none', limit: 0 })).total).toBeNull();
  });

  test('a document by its id, with its revision, and not again when it is known', async () => {
    const found = await view.get('o005');
    expect(found).toMatchObject({ document: orders[5], revision: '"7"' });
    expect(await view.get('o005', { ifNoneMatch: '"7"' })).toMatchObject({
      document: 'unchanged',
      revision: '"7"',
    });
    expect(await view.get('o005', { ifNoneMatch: '"6"' })).toMatchObject({ document: orders[5] });
    for (const id of ['nobody', 'a/b?c#d', 'ü %2F'] as const) expect(await view.get(id)).toBeNull();
  });

  test('many documents by their ids, in batches', async () => {
    const ids = [...orders.map(({ id }) => id), 'nobody', 'o001', '..'];
    const batch = await view.getMany(ids);
    expect(batch.data).toEqual(orders);
    expect(batch.missing).toEqual(['nobody', '..']);
    expect(await view.getMany([])).toMatchObject({ data: [], missing: [] });
  });

  test('suggestions and figures', async () => {
    const where = { status: 'confirmed' } as const;
    const confirmed = orders.filter(({ status }) => status === 'confirmed');
    const { data } = await view.suggest({ field: 'customer.name', prefix: 'ann', where });
    const annas = confirmed.filter(({ customer }) => customer?.name === 'Anna Schmidt');
    expect(data).toEqual([{ value: 'Anna Schmidt', count: annas.length }]);

    const stats = await view.stats({ sum: ['total', 'net'], max: ['placedAt'], by: 'customer.tier', where });
    for (const { key, count, sum, max } of stats.groups) {
      const group = confirmed.filter(({ customer }) => customer?.tier === key);
      expect([key, count]).toEqual([key, group.length]);
      expect(sum.total).toBe(group.reduce((total, order) => total + order.total, 0));
      expect(sum.net).toBe(group.reduce((total, order) => total + order.net, 0));
      expect(max.placedAt).toBe(
        group
          .map(({ placedAt }) => placedAt)
          .sort()
          .at(-1),
      );
    }
    const [whole] = (await view.stats({ avg: ['total'], where: { total: { lt: 0 } } })).groups;
    expect(whole).toEqual({ key: null, count: 0, avg: { total: null } });
  });

  test('what the server refuses is told in parts', async () => {
    const error = await view
      .search({ limit: 500, page: 2, where: { placedAt: 'soon' } })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RefusedError);
    expect((error as RefusedError).errors.map(({ parameter, code }) => `${parameter} ${code}`)).toEqual(
      expect.arrayContaining(['limit limit_invalid', 'where.placedAt value_invalid']),
    );
    const unknown = client.viewNamed<typeof orderSearch>(`order-serach` as 'order-search').get('o1');
    await expect(unknown).rejects.toMatchObject({ code: 'view_unknown', status: 404 });
  });

  test('an export that is given up ends at once, and leaves the server free for others', async () => {
    for await (const { id } of view.export({ sort: 'id' })) if (id === 'o003') break;
    const stop = new AbortController();
    const reading = all(view.export({}, { signal: stop.signal }));
    stop.abort();
    await expect(reading).rejects.toBe(stop.signal.reason);
    expect((await all(view.export())).length).toBe(orders.length);
  });
});
