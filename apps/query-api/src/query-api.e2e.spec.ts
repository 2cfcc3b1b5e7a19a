import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '#kernel';
import type { RunningApp } from '#kernel/http';
import { orderSearch } from '#commerce';
import { elasticsearchIndex, type SearchIndex } from '#search';
import { createTestSpace, type TestSpace } from '#testing';
import { compile } from '#views';
import fc from 'fast-check';
import { readQueryApiConfig } from './config.js';
import { startQueryApi } from './start.js';
import { line, orderDocument, type OrderDocument } from './testing/orders.js';

interface Page {
  readonly data: readonly OrderDocument[];
  readonly total: number;
  readonly totalIsExact: boolean;
  readonly next: string | null;
}

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly allowed?: readonly string[];
  readonly didYouMean?: string;
  readonly errors: readonly {
    parameter: string;
    code: string;
    detail: string;
    allowed?: string[];
    didYouMean?: string;
  }[];
}

const documents: readonly OrderDocument[] = [
  orderDocument('o1', {
    status: 'pending',
    total: 1000,
    placedAt: '2026-05-01T00:00:00.000Z',
    lines: [line('A', 1, 'Blue lamp'), line('B', 5, 'Red chair')],
    payment: { status: 'paid', paidAt: '2026-05-02T10:00:00.000Z' },
  }),
  orderDocument('o2', {
    status: 'confirmed',
    total: 2000,
    placedAt: '2026-05-31T21:59:59.999Z',
    lines: [line('A', 2, 'Blue lamp for sale')],
    payment: { status: 'due', paidAt: null },
  }),
  orderDocument('o3', {
    status: 'cancelled',
    total: 5000,
    placedAt: '2026-05-31T22:30:00.000Z',
    customer: null,
  }),
  orderDocument('o4', {
    status: 'pending',
    total: 4999,
    placedAt: new Date(Date.now() - 86_400_000).toISOString(),
    customer: {
      id: 'c2',
      name: 'Smith, John',
      email: 'j@shop.example',
      tier: 'basic',
      city: 'York',
      country: 'GB',
    },
  }),
];

describe('The query API', () => {
  let space: TestSpace;
  let search: SearchIndex;
  let running: RunningApp;
  let index: string;
  const plan = compile(orderSearch);

  beforeAll(async () => {
    space = await createTestSpace({ elasticsearch: true });
    search = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
    index = `${space.indexPrefix}order-search.${plan.fingerprint}.1`;
    await search.create(index, plan);
    await search.point(`${space.indexPrefix}order-search`, index);
    const outcomes = await search.write(
      documents.map((document) => ({
        kind: 'index',
        index,
        id: document.id,
        revision: 7,
        body: JSON.stringify(document),
      })),
      20_000,
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(documents.map(() => 'done'));
    await search.refresh(index);
    const config = readQueryApiConfig({
      QUERY_API_PORT: '0',
      ELASTICSEARCH_URL: space.elasticsearchUrl,
      INDEX_PREFIX: space.indexPrefix,
      CURSOR_SECRET: 'a secret of a test',
      LOG_LEVEL: 'silent',
    });
    running = await startQueryApi(config, { signals: 'off' });
  });
  afterAll(async () => {
    await running.stop();
    await search.close();
    await space.dispose();
  });

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${running.url}${path}`, { headers });
  const V = '/views/order-search';
  const list = async (query: string): Promise<Page> => {
    const response = await get(`${V}?${query}`);
    const body = (await response.json()) as Page;
    expect([query, response.status, response.status === 200 ? '' : body]).toEqual([query, 200, '']);
    return body;
  };
  const ids = async (query: string): Promise<string> =>
    (await list(query)).data.map((document) => document.id).join(' ');
  const refused = async (query: string): Promise<Problem> => {
    const response = await get(`${V}?${query}`);
    expect([query, response.status]).toEqual([query, 400]);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    return (await response.json()) as Problem;
  };

  test('get answers the document as it is stored, with its revision as ETag', async () => {
    const response = await get(`${V}/o1`);
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toBe('"7"');
    expect(await response.text()).toBe(JSON.stringify(documents[0]));
    const missing = await get(`${V}/nobody`);
    expect([missing.status, ((await missing.json()) as Problem).code]).toEqual([404, 'not_found']);
  });

  test('a copy that is current is answered by 304 without a body', async () => {
    for (const header of ['"7"', 'W/"7"', '"1", "7"', '*']) {
      const response = await get(`${V}/o1`, { 'if-none-match': header });
      expect([header, response.status, response.headers.get('etag'), await response.text()]).toEqual([
        header,
        304,
        '"7"',
        '',
      ]);
    }
    expect((await get(`${V}/o1`, { 'if-none-match': '"6"' })).status).toBe(200);
    expect((await get(`${V}/nobody`, { 'if-none-match': '*' })).status).toBe(404);
  });

  test('values separated by commas mean any of them', async () => {
    const page = await list('status=pending,confirmed&limit=20');
    expect(page.data.map((document) => document.id)).toEqual(['o4', 'o2', 'o1']);
    expect(page).toMatchObject({ total: 3, totalIsExact: true, next: null });
    expect(await ids('status=pending&status=confirmed')).toBe('o4 o2 o1');
  });

  test('the cursor alone, or with its own query, gives the next page; with another filter it is refused', async () => {
    const first = await list('status=pending,confirmed&limit=2');
    expect(first.data.map((document) => document.id)).toEqual(['o4', 'o2']);
    const cursor = encodeURIComponent(first.next ?? '');
    expect(await list(`cursor=${cursor}`)).toMatchObject({
      data: [{ id: 'o1' }],
      total: 3,
      totalIsExact: true,
      next: null,
    });
    expect(await ids(`limit=2&cursor=${cursor}&status=pending,confirmed`)).toBe('o1');
    expect((await refused(`cursor=${cursor}&status=pending`)).code).toBe('cursor_mismatch');
    expect((await refused(`cursor=${cursor}x`)).code).toBe('cursor_invalid');
    expect((await refused('cursor=1.e30.abc')).code).toBe('cursor_invalid');
  });

  test('ranges in minor units, sorted descending', async () => {
    expect(await ids('total[gte]=1000&total[lt]=5000&sort=-total')).toBe('o4 o2 o1');
    expect(await ids('total%5Bgte%5D=5000')).toBe('o3');
  });

  test('bare days are whole days of the zone', async () => {
    expect(await ids('placedAt[gte]=2026-05-01&placedAt[lte]=2026-05-31&sort=id')).toBe('o1 o2 o3');
    expect(await ids('placedAt[gte]=2026-05-01&placedAt[lte]=2026-05-31&tz=Europe/Amsterdam&sort=id')).toBe(
      'o1 o2',
    );
    expect(await ids('placedAt=2026-06-01&tz=Europe/Amsterdam')).toBe('o3');
  });

  test('instants relative to now', async () => {
    expect(await ids('placedAt[gte]=now-7d')).toBe('o4');
    expect(await ids('placedAt[lt]=now-7d&sort=id')).toBe('o1 o2 o3');
  });

  test('a missing value is asked for by exists', async () => {
    expect(await ids('payment.paidAt[exists]=false&sort=id')).toBe('o2 o3 o4');
    expect(await ids('payment.paidAt[exists]=true')).toBe('o1');
  });

  test('conditions on one list mean the same line', async () => {
    expect(await ids('lines.product.sku=A&lines.quantity[gte]=2')).toBe('o2');
  });

  test('text search with a phrase and a word shut out', async () => {
    expect(await ids(`q=${encodeURIComponent('"blue lamp" -sale')}&in=lines.product.name`)).toBe('o1');
    expect(await ids('q=blue+la&sort=id')).toBe('o1 o2');
  });

  test('fields leaves these and the id', async () => {
    expect((await list('fields=status,customer.name&sort=id&limit=1')).data).toEqual([
      { id: 'o1', status: 'pending', customer: { name: 'Anna Schmidt' } },
    ]);
  });

  test('numbered pages, and the cursor to go on from one', async () => {
    expect(await ids('sort=id&page=2&limit=2')).toBe('o3 o4');
    const first = await list('sort=id&page=1&limit=3');
    expect(await ids(`cursor=${encodeURIComponent(first.next ?? '')}`)).toBe('o4');
    expect((await refused('page=11&limit=100')).code).toBe('page_too_deep');
  });

  test('a value with a comma is quoted, and a prefix minds case', async () => {
    expect(await ids(`customer.name=${encodeURIComponent('"Smith, John"')}`)).toBe('o4');
    expect(await ids('customer.name[prefix]=Smi')).toBe('o4');
  });

  test('all faults come at once, each with its parameter and what is allowed', async () => {
    const problem = await refused(
      'stauts=pending&total=10.50&limit=101&sort=placedat&status=lost&facets=staus',
    );
    expect(problem.code).toBe('query_invalid');
    expect(problem.errors.map(({ parameter, code }) => `${parameter} ${code}`)).toEqual([
      'stauts field_unknown',
      'total value_invalid',
      'status value_invalid',
      'sort field_unknown',
      'facets field_unknown',
      'limit limit_invalid',
    ]);
    const of = (parameter: string) => problem.errors.find((error) => error.parameter === parameter);
    expect(of('stauts')).toMatchObject({ didYouMean: 'status' });
    expect(of('stauts')?.allowed).toContain('customer.tier');
    expect(of('total')?.detail).toContain('10.50 is 1050');
    expect(of('status')?.allowed).toEqual(['pending', 'confirmed', 'cancelled']);
    expect(of('sort')).toMatchObject({ didYouMean: 'placedAt' });
  });

  test('views and their fields describe themselves', async () => {
    const views = (await (await get('/views')).json()) as { data: readonly object[] };
    expect(views.data).toContainEqual(
      expect.objectContaining({ name: 'order-search', root: 'order', href: V }),
    );
    const { data } = (await (await get(`${V}/_fields`)).json()) as { data: { path: string }[] };
    expect(data.find((field) => field.path === 'total')).toEqual({
      path: 'total',
      kind: 'money',
      list: false,
      nullable: false,
      currency: 'EUR',
      operators: ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'exists'],
      sortable: true,
      searchable: false,
    });
  });

  test('an unknown view is 404 and names those that there are; an unknown operation too', async () => {
    for (const path of ['/views/order-serach', '/views/order-serach/a', '/views/order-serach?x=1']) {
      const response = await get(path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.json()).toMatchObject({
        code: 'view_unknown',
        allowed: expect.arrayContaining(['order-search']),
        didYouMean: 'order-search',
      });
    }
    const operation = await get(`${V}/_explode`);
    expect([operation.status, ((await operation.json()) as Problem).code]).toEqual([
      404,
      'operation_unknown',
    ]);
  });

  test('ids of every kind reach the document, up to 128 bytes', async () => {
    for (const id of ['a b', 'a/b', 'ü😀', '%2F', 'x'.repeat(128), 'é'.repeat(64)]) {
      await search.write(
        [{ kind: 'index', index, id, revision: 1, body: JSON.stringify(orderDocument(id)) }],
        20_000,
      );
      const response = await get(`${V}/${encodeURIComponent(id)}`);
      expect([id, response.status]).toEqual([id, 200]);
      await search.write([{ kind: 'delete', index, id, revision: 2 }], 20_000);
    }
    await search.refresh(index);
  });

  test('pages of other origins may read ETag and Prejoin headers', async () => {
    const response = await get(`${V}/o1`, { origin: 'https://shop.example' });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toMatch(/ETag.*Prejoin-Lag-Ms/);
  });

  test('the documentation has a schema and parameters of each view', () => {
    const document = running.openapi;
    const operation = document.paths[V]?.get;
    expect(operation?.parameters).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'customer.tier',
          in: 'query',
          schema: { type: 'string', example: 'basic' },
        }),
      ]),
    );
    expect(document.components?.schemas?.['order-search.document']).toMatchObject({
      required: expect.arrayContaining(['id', 'net']),
      properties: { customer: { type: ['object', 'null'], properties: { tier: { type: 'string' } } } },
    });
    expect(document.paths[`${V}/{id}`]?.get).toBeDefined();
  });

  test('it is ready while Elasticsearch answers, and measures its requests', async () => {
    expect((await get('/health/ready')).status).toBe(200);
    expect(await (await get('/metrics')).text()).toContain('route="/views/order-search"');
  });

  test('no query string, however malformed, is answered by a 5xx', async () => {
    const fields = [
      ...'abc',
      'status',
      'total',
      'placedAt',
      'lines.quantity',
      'customer.name',
      'id',
      '__proto__',
      'constructor',
      'toString',
    ];
    const operators = [
      '',
      '[]',
      '[eq]',
      '[ne]',
      '[gt]',
      '[lte]',
      '[exists]',
      '[prefix]',
      '[near]',
      '[constructor]',
      '[',
      ']',
      '[a[b]]',
    ];
    const name = fc.oneof(
      fc.tuple(fc.constantFrom(...fields), fc.constantFrom(...operators)).map((parts) => parts.join('')),
      fc.constantFrom('q', 'in', 'sort', 'fields', 'limit', 'page', 'cursor', 'tz', 'where'),
      fc.string({ unit: 'binary', maxLength: 10 }),
    );
    const value = fc.oneof(
      fc.constantFrom(
        '',
        'pending',
        '1',
        '-1',
        '1e9',
        '9007199254740993',
        '"',
        '"a',
        'a,,b',
        '2026-02-30',
        '2026-05-31',
        'now-999999y',
        'now/d',
        'now-1M/M',
        '0000-01-01',
        '9999-12-31',
        '-placedAt',
        'true',
        'Europe/Amsterdam',
        '\u0000',
        '-"a" "',
        '*:*',
        'id,-id',
      ),
      fc.string({ unit: 'binary', maxLength: 30 }),
    );
    const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
    const query = fc.oneof(
      fc
        .array(fc.tuple(name, value), { maxLength: 6 })
        .map((pairs) => pairs.map(([key, text]) => `${encode(key)}=${encode(text)}`).join('&')),
      fc.string({ maxLength: 40 }).map((text) => text.replaceAll('#', '%')),
    );
    await fc.assert(
      fc.asyncProperty(query, async (text) => {
        const response = await get(`${V}?${text}`);
        await response.arrayBuffer();
        return response.status === 200 || response.status === 400;
      }),
      { numRuns: 300 },
    );
  });
});
