import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ProblemError } from '#kernel/http';
import { servedView } from '#query';
import { compile } from '#views';
import { UnauthorizedException } from '@nestjs/common';
import { readQueryApiConfig } from './config.js';
import { startQueryApi } from './start.js';
import { serve, type Served } from './testing/serve.js';
import { tenantDocuments, tenantOrders } from './testing/tenant-orders.js';
import { asCaller, guardByHeader } from './testing/tenants.js';

const V = '/views/tenant-orders';
const missing = '/nobody';
const [mine = '', theirs = '', nobodys = ''] = ['acme', 'Acme', null].map(
  (owner) => tenantDocuments.find(({ tenantId }) => tenantId === owner)?.id,
);

/** Every read: what it asks, and by which body. */
const reads: readonly (readonly [path: string, body: object | undefined])[] = [
  [`/${mine}`, undefined],
  ['', undefined],
  ['/_search', {}],
  ['/_batch', { ids: [mine] }],
  ['/_suggest?field=tenantId', undefined],
  ['/_stats', undefined],
  ['/_export', undefined],
];

describe('A guarded view', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve([[tenantOrders, tenantDocuments]], {
      guard: (request) => {
        const who = request.headers['x-tenant'];
        if (who === 'stranger') throw new UnauthorizedException('Who are you?');
        if (who === 'expired')
          throw new ProblemError(
            401,
            'token_expired',
            'The token has expired',
            'Ask for another.',
            {},
            {
              headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
            },
          );
        if (who === 'broken') throw new TypeError('claims is undefined');
        if (who === 'late') return Promise.resolve({ tenantId: 'acme', other: 'x' });
        return guardByHeader(request);
      },
    });
  });
  afterAll(() => served.close());

  const send = (path: string, caller?: string, body?: unknown, headers = {}): Promise<Response> =>
    served.send(`${V}${path}`, body, { ...headers, ...(caller === undefined ? {} : asCaller(caller)) });

  /** Everything that a caller can see of an answer, but for what names the request itself. */
  const seen = async (response: Response): Promise<unknown> => {
    const {
      traceId: _trace,
      instance: _instance,
      ...body
    } = JSON.parse(await response.text()) as object & {
      traceId?: string;
      instance?: string;
    };
    const own = new Set(['date', 'x-request-id', 'content-length']);
    const headers = [...response.headers].filter(([name]) => !own.has(name));
    return { status: response.status, headers, body };
  };

  test('is not served without somebody who says whose documents a caller may see', async () => {
    const config = readQueryApiConfig({ QUERY_API_PORT: '0', LOG_LEVEL: 'silent' });
    await expect(startQueryApi(config, { signals: 'off', views: [tenantOrders] })).rejects.toMatchObject({
      code: 'guard_unresolved',
      message: expect.stringContaining("'tenant-orders' (tenantId)"),
      remedy: expect.stringContaining('guard: (request) =>'),
    });
  });

  test.each(reads)('is refused to a caller of no tenant: %s', async (path, body) => {
    for (const caller of [undefined, ''])
      for (const name of [V, '/views/orders-of-tenants']) {
        const headers = caller === undefined ? {} : asCaller(caller);
        const response = await served.send(`${name}${path}`, body, headers);
        expect([name, response.status]).toEqual([name, 403]);
        expect(await response.json()).toMatchObject({ code: 'guard_missing', status: 403 });
      }
  });

  test.each([
    ['stranger', 401, 'http_401'],
    ['expired', 401, 'token_expired'],
    ['broken', 500, 'internal_error'],
    ['late', 200, undefined],
  ])('answers what its guard decides: %s', async (caller, status, code) => {
    const response = await send('', caller);
    const body = (await response.json()) as { code?: string };
    expect([response.status, body.code]).toEqual([status, code]);
    expect(JSON.stringify(body)).not.toContain('claims');
    if (caller === 'expired') expect(response.headers.get('www-authenticate')).toContain('invalid_token');
  });

  test('is described to everybody', async () => {
    for (const path of ['/views', `${V}/_fields`, '/docs-json'])
      expect([path, (await served.send(path)).status]).toEqual([path, 200]);
    const list = served.running.openapi.paths[V]?.get;
    expect(Object.keys(list?.responses ?? {})).toEqual(expect.arrayContaining(['200', '401', '403']));
    expect(list?.description).toContain('its own `tenantId`');
  });

  test('has no document of another tenant, and none of nobody: the answer is that of one that is not there', async () => {
    const absent = await seen(await send(missing, 'acme'));
    expect(absent).toMatchObject({ status: 404, body: { code: 'not_found' } });
    for (const id of [theirs, nobodys])
      for (const headers of [{}, { 'if-none-match': '"7"' }, { 'if-none-match': '*' }])
        expect([id, await seen(await send(`/${id}`, 'acme', undefined, headers))]).toEqual([id, absent]);
    const own = await send(`/${mine}`, 'acme');
    expect(await own.text()).toBe(JSON.stringify(tenantDocuments.find(({ id }) => id === mine)));
    expect(own.headers.get('etag')).toBe('"7"');
    // No cache that several callers share may keep it.
    expect(own.headers.get('cache-control')).toBe('private, no-cache');
    expect((await send('', 'acme')).headers.get('cache-control')).toBe('private, no-cache');
    expect((await send(`/${mine}`, 'acme', undefined, { 'if-none-match': '"7"' })).status).toBe(304);
    expect((await send(`/${nobodys}`, 'staff')).status).toBe(200);
  });

  test('names what another tenant has in a batch as missing', async () => {
    const ids = [theirs, mine, 'nobody', nobodys];
    const batch = await (await send('/_batch', 'acme', { ids })).json();
    expect(batch).toMatchObject({ data: [{ id: mine }], missing: [theirs, 'nobody', nobodys] });
    expect(await (await send('/_batch', 'staff', { ids })).json()).toMatchObject({ missing: ['nobody'] });
  });

  test('shows a document to its new owner at once, and no more to the former', async () => {
    const change = async (tenantId: string, revision: number): Promise<void> => {
      const body = JSON.stringify({ ...tenantDocuments[0], id: 'moved', tenantId });
      const index = served.indexOf(tenantOrders);
      const [outcome] = await served.search.write(
        [{ kind: 'index', index, id: 'moved', revision, body }],
        20_000,
      );
      expect(outcome).toEqual({ kind: 'done' });
    };
    const statuses = async (): Promise<number[]> =>
      Promise.all(['acme', 'Acme'].map(async (caller) => (await send('/moved', caller)).status));
    await change('acme', 1);
    expect(await statuses()).toEqual([200, 404]);
    await change('Acme', 2);
    expect(await statuses()).toEqual([404, 200]);
    await served.search.write(
      [{ kind: 'delete', index: served.indexOf(tenantOrders), id: 'moved', revision: 3 }],
      20_000,
    );
  });

  test.each(['sort=total&limit=2', 'sort=total&limit=2&snapshot=1m'])(
    'goes on only for who sees the same documents: %s',
    async (query) => {
      const first = (await (await send(`?${query}`, 'acme')).json()) as { next: string };
      const next = `?cursor=${encodeURIComponent(first.next)}`;
      for (const caller of ['Acme', 'both', 'staff', 'ACME']) {
        const refused = await send(next, caller);
        expect([caller, refused.status]).toEqual([caller, 400]);
        expect(await refused.json()).toMatchObject({ code: 'cursor_mismatch' });
        expect((await send('/_search', caller, { cursor: first.next })).status).toBe(400);
      }
      expect((await send(next)).status).toBe(403);
      // What was tried in between took nothing away.
      const second = (await (await send(next, 'acme')).json()) as { data: { tenantId: string }[] };
      expect(second.data.map(({ tenantId }) => tenantId)).toEqual(['acme', 'acme']);
      expect(Buffer.from(first.next.split('.')[1] ?? '', 'base64url').toString()).not.toContain('acme');
    },
  );

  test('is known by its guarded fields', () => {
    expect(servedView(compile(tenantOrders)).guards).toEqual(['tenantId']);
  });
});
