import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { orderSearch } from '#commerce';
import { listings, places } from './testing/listings.js';
import { line, orderDocument } from './testing/orders.js';
import { serve, type Served } from './testing/serve.js';

interface Page {
  readonly data: readonly { readonly id: string }[];
  readonly total: number | null;
  readonly totalIsExact: boolean;
  readonly next: string | null;
  readonly facets?: Readonly<Record<string, object>>;
  readonly highlights?: object;
}

const ben = {
  id: 'c2',
  name: 'Ben Andrews',
  email: 'b@shop.example',
  tier: 'basic',
  city: 'York',
  country: 'GB',
};
const orders = [
  orderDocument('o1', {
    status: 'pending',
    total: 999,
    placedAt: '2026-05-01T00:00:00.000Z',
    lines: [line('A', 1, 'Blue lamp <b>'), line('B', 5, 'Red chair')],
    payment: { status: 'paid', paidAt: '2026-05-02T10:00:00.000Z' },
  }),
  orderDocument('o2', { status: 'confirmed', total: 1000, placedAt: '2026-05-31T00:00:00.000Z' }),
  orderDocument('o3', {
    status: 'confirmed',
    total: 5000,
    placedAt: '2026-06-30T22:30:00.000Z',
    customer: ben,
  }),
  orderDocument('o4', {
    status: 'pending',
    total: 7000,
    placedAt: '2026-08-01T00:00:00.000Z',
    customer: ben,
  }),
];

describe('The operations of the query API', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve([
      [orderSearch, orders],
      [listings, places],
    ]);
  });
  afterAll(() => served.close());

  const V = '/views/order-search';
  const answered = async <T = Page>(path: string, body?: unknown): Promise<T> => {
    const response = await served.send(path, body);
    const answer = (await response.json()) as T;
    expect([path, response.status, response.status === 200 ? '' : answer]).toEqual([path, 200, '']);
    return answer;
  };
  const ids = (page: Page): string => page.data.map((document) => document.id).join(' ');
  const refused = async (path: string, body?: unknown): Promise<string[]> => {
    const response = await served.send(path, body);
    const { errors } = (await response.json()) as { errors: { parameter: string; code: string }[] };
    expect([path, response.status]).toEqual([path, 400]);
    return errors.map(({ parameter, code }) => `${parameter} ${code}`);
  };

  test('a batch answers documents as they are stored, in the order asked, and names those that are missing', async () => {
    const response = await served.send(`${V}/_batch`, { ids: ['o3', 'x', 'o1', 'o3', 'a'] });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(
      `{"data":[${JSON.stringify(orders[2])},${JSON.stringify(orders[0])}],"missing":["x","a"],"freshness":{"lagMs":null}}`,
    );
    expect(await answered(`${V}/_batch`, { ids: [] })).toMatchObject({ data: [], missing: [] });
    expect(await refused(`${V}/_batch`, { ids: ['a', 5] })).toEqual(['ids[1] value_invalid']);
  });

  test('a facet ignores its own filter, and lists what it selects even at 0', async () => {
    const page = await answered(`${V}?customer.tier=gold&facets=customer.tier,status`);
    expect(ids(page)).toBe('o2 o1');
    expect(page.facets).toEqual({
      'customer.tier': {
        values: [
          { value: 'basic', count: 2 },
          { value: 'gold', count: 2 },
        ],
        other: 0,
      },
      status: {
        values: [
          { value: 'confirmed', count: 1 },
          { value: 'pending', count: 1 },
        ],
        other: 0,
      },
    });
    const none = await answered(`${V}?status=cancelled&customer.tier=gold&facets=status:1`);
    expect(none.facets).toMatchObject({
      status: { values: expect.arrayContaining([{ value: 'cancelled', count: 0 }]) },
    });
  });

  test('ranges count from their beginning to before their end, and limit=0 answers no documents', async () => {
    const page = await answered(
      `${V}?facets=total:..1000|1000..5000|5000..,placedAt:month&limit=0&tz=Europe/Amsterdam`,
    );
    expect(page).toMatchObject({ data: [], total: 4, next: null });
    expect(page.facets).toEqual({
      total: {
        ranges: [
          { from: null, to: 1000, count: 1 },
          { from: 1000, to: 5000, count: 1 },
          { from: 5000, to: null, count: 2 },
        ],
      },
      placedAt: {
        values: [
          { value: '2026-05', count: 2 },
          { value: '2026-06', count: 0 },
          { value: '2026-07', count: 1 },
          { value: '2026-08', count: 1 },
        ],
        other: 0,
      },
    });
  });

  test('a search by JSON has or and not, and is a link too', async () => {
    const where = {
      or: [{ status: 'pending', total: { gte: 1000 } }, { not: { 'payment.status': { exists: false } } }],
    };
    expect(ids(await answered(`${V}/_search`, { where, sort: ['id'] }))).toBe('o1 o4');
    expect(ids(await answered(`${V}?sort=id&where=${encodeURIComponent(JSON.stringify(where))}`))).toBe(
      'o1 o4',
    );
    expect(await refused(`${V}/_search`, { where: { or: [{ stauts: 'pending' }] }, limt: 5 })).toEqual([
      'limt unsupported_parameter',
    ]);
    expect(
      await refused(`${V}/_search`, { where: { or: [{ stauts: 'pending' }, { total: 1.5 }] }, limit: 500 }),
    ).toEqual(['where.or[0].stauts field_unknown', 'where.or[1].total value_invalid', 'limit limit_invalid']);
  });

  test('near a place', async () => {
    expect(ids(await answered('/views/listings?at[near]=52.37,4.89,5km'))).toBe('dam');
    expect(ids(await answered('/views/listings?at[near]=52.37,4.89,60km&sort=name'))).toBe('dam utrecht');
    const where = { at: { near: { lat: 52.37, lon: 4.89, distance: '5km' } } };
    expect(ids(await answered('/views/listings/_search', { where }))).toBe('dam');
  });

  test('suggestions begin with a text, and count documents', async () => {
    const { data } = await answered<{ data: object[] }>(`${V}/_suggest?field=customer.name&prefix=an`);
    expect(data).toEqual(
      expect.arrayContaining([
        { value: 'Anna Schmidt', count: 2 },
        { value: 'Ben Andrews', count: 2 },
      ]),
    );
    expect(await answered(`${V}/_suggest?field=status&prefix=CON&customer.tier=basic`)).toMatchObject({
      data: [{ value: 'confirmed', count: 1 }],
    });
    expect(await refused(`${V}/_suggest?field=custmer.name&prefix=an`)).toEqual(['field field_unknown']);
  });

  test('figures by the intervals of a date', async () => {
    expect(await answered(`${V}/_stats?sum=total&by=placedAt:month&status=confirmed`)).toMatchObject({
      groups: [
        { key: '2026-05', count: 1, sum: { total: 1000 } },
        { key: '2026-06', count: 1, sum: { total: 5000 } },
      ],
      other: 0,
    });
    expect(await answered(`${V}/_stats?min=total,placedAt&max=total&avg=total`)).toMatchObject({
      groups: [
        {
          key: null,
          count: 4,
          avg: { total: 3499.75 },
          min: { total: 999, placedAt: '2026-05-01T00:00:00.000Z' },
          max: { total: 7000 },
        },
      ],
      other: 0,
    });
  });

  test('marks what q found, by id and field, escaped', async () => {
    const page = await answered(`${V}?q=lamp&in=lines.product.name&highlight=true`);
    expect(ids(page)).toBe('o1');
    expect(page.highlights).toEqual({ o1: { 'lines.product.name': ['Blue <mark>lamp</mark> &lt;b&gt;'] } });
    expect((await answered(`${V}?q=anna`)).highlights).toBeUndefined();
  });

  test('counts as exactly as it is asked', async () => {
    expect(await answered(`${V}?totals=exact&limit=1`)).toMatchObject({ total: 4, totalIsExact: true });
    const first = await answered(`${V}?totals=none&limit=3&sort=id`);
    expect(first).toMatchObject({ total: null, totalIsExact: false });
    const rest = await answered(`${V}?cursor=${encodeURIComponent(first.next ?? '')}`);
    expect(rest).toMatchObject({ data: [{ id: 'o4' }], total: null, totalIsExact: false, next: null });
  });

  test('a cursor of a search goes on by POST or GET, alone or with the whole of its search', async () => {
    const search = { where: { total: { gte: 1 } }, sort: ['id'], facets: ['status'], limit: 2 };
    const first = await answered(`${V}/_search`, search);
    expect([ids(first), Object.keys(first.facets ?? {})]).toEqual(['o1 o2', ['status']]);
    const cursor = first.next ?? '';
    for (const body of [{ cursor }, { cursor, ...Object.fromEntries(Object.entries(search).reverse()) }])
      expect(await answered(`${V}/_search`, body)).toMatchObject({
        data: [{ id: 'o3' }, { id: 'o4' }],
        total: 4,
      });
    const byGet = await answered(`${V}?cursor=${encodeURIComponent(cursor)}`);
    expect(ids(byGet)).toBe('o3 o4');
    // Counts of all matches came with the first page.
    expect(byGet.facets).toBeUndefined();
    const others = [
      { ...search, where: { total: { gte: 2 } } },
      { ...search, facets: ['customer.tier'] },
      { ...search, facets: undefined },
      { limit: 2 },
    ];
    for (const other of others)
      expect(await refused(`${V}/_search`, { ...other, cursor })).toEqual(['cursor cursor_mismatch']);
    expect(await refused(`${V}?sort=id&cursor=${encodeURIComponent(cursor)}`)).toEqual([
      'cursor cursor_mismatch',
    ]);

    const listed = await answered(`${V}?limit=2&sort=id&facets=status&where={"total":{"gte":1}}`);
    expect(ids(await answered(`${V}/_search`, { cursor: listed.next }))).toBe('o3 o4');
    for (const query of [
      'facets=gift',
      'facets=status&where={"total":{"gte":2}}',
      'where={"total":{"gte":1}}',
    ])
      expect(
        await refused(`${V}?limit=2&sort=id&${query}&cursor=${encodeURIComponent(listed.next ?? '')}`),
      ).toEqual(['cursor cursor_mismatch']);
  });

  test('a cursor of a search as long as may be is short enough for a URL', async () => {
    const names = Array.from({ length: 190 }, (_, at) => `018f2f6e-9d2a-7c3b-8f4e-5a6b7c8d${at}`);
    const where = { or: [{ 'customer.name': names }, { total: { gte: 1 } }] };
    const { next } = await answered(`${V}/_search`, { where, sort: ['id'], limit: 3 });
    expect(ids(await answered(`${V}?cursor=${encodeURIComponent(next ?? '')}`))).toBe('o4');
  });

  test('an export takes where, and nothing of pages', async () => {
    const response = await served.send(
      `${V}/_export?sort=id&where=${encodeURIComponent('{"or":[{"total":999},{"total":7000}]}')}`,
    );
    expect(await response.text()).toBe(`${JSON.stringify(orders[0])}\n${JSON.stringify(orders[3])}\n`);
    expect(await refused(`${V}/_export?limit=5&facets=status`)).toEqual([
      'limit unsupported_parameter',
      'facets unsupported_parameter',
    ]);
  });

  test('a view is served by the name that it had before, and says when it may be gone', async () => {
    for (const name of ['listings', 'places-to-stay']) {
      for (const path of [
        `/views/${name}?sort=name&limit=1`,
        `/views/${name}/_stats`,
        `/views/${name}/dam`,
        `/views/${name}/x`,
      ]) {
        const response = await served.send(path);
        await response.arrayBuffer();
        expect([path, response.status]).toEqual([path, path.endsWith('/x') ? 404 : 200]);
        expect(response.headers.get('deprecation')).toBe(`@${Date.parse('2027-03-01') / 1_000}`);
        expect(response.headers.get('sunset')).toBe('Mon, 01 Mar 2027 00:00:00 GMT');
        expect(response.headers.get('link')).toBe(
          name === 'listings' ? null : '</views/listings>; rel="successor-version"',
        );
      }
    }
    const { next } = await answered('/views/places-to-stay?limit=2&sort=id');
    expect(ids(await answered(`/views/listings?cursor=${encodeURIComponent(next ?? '')}`))).toBe('utrecht');
    expect((await served.send(V)).headers.get('deprecation')).toBeNull();
    const { paths } = served.running.openapi;
    expect([paths['/views/places-to-stay']?.get?.deprecated, paths[V]?.get?.deprecated]).toEqual([
      true,
      undefined,
    ]);
  });

  test('what is no operation, and what is no JSON, is a problem that says so', async () => {
    const post = async (path: string, body: string, type = 'application/json'): Promise<unknown[]> => {
      const response = await fetch(`${served.running.url}${path}`, {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    expect(await post(`${V}/_explode`, '{}')).toEqual([404, 'operation_unknown']);
    expect(await post('/views/order-serach/_search', '{}')).toEqual([404, 'view_unknown']);
    expect(await post(`${V}/_search`, '{')).toEqual([400, 'malformed_request']);
    expect(await post(`${V}/_search`, '<a/>', 'application/xml')).toEqual([415, 'media_type_unsupported']);
    expect(await post(`${V}/_search`, `{"q":"${'x'.repeat(60_000)}"}`)).toEqual([400, 'body_too_large']);
    expect(await post(`${V}/_search`, `{"q":"${'x'.repeat(300_000)}"}`)).toEqual([413, 'body_too_large']);
    expect(await post(`${V}/_search`, `{"where":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)).toEqual([
      400,
      'where_too_deep',
    ]);
    expect(await post(`${V}/_search?limit=5`, '{}')).toEqual([400, 'unsupported_parameter']);
  });
});
