import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { orderSearch } from '#commerce';
import { orderDocument } from './testing/orders.js';
import { serve, type Served } from './testing/serve.js';

const V = '/views/order-search';

interface Operation {
  readonly name: string;
  readonly path: string;
  readonly body?: object;
  /** Where the answer says how fresh it is. */
  readonly tells: 'body' | 'headers';
}

const operations: readonly Operation[] = [
  { name: 'list', path: V, tells: 'body' },
  { name: 'facets', path: `${V}?facets=status&limit=0`, tells: 'body' },
  { name: 'search', path: `${V}/_search`, body: { where: { status: 'pending' } }, tells: 'body' },
  { name: 'batch', path: `${V}/_batch`, body: { ids: ['o1', 'o9'] }, tells: 'body' },
  { name: 'suggest', path: `${V}/_suggest?field=customer.name`, tells: 'body' },
  { name: 'stats', path: `${V}/_stats?sum=total`, tells: 'body' },
  { name: 'export', path: `${V}/_export`, tells: 'headers' },
  { name: 'get', path: `${V}/o1`, tells: 'headers' },
];

/** What is known of a projection, and whether writes are in it, is another matter (demo/read-your-writes.e2e.spec.ts). */
describe('A query API that knows of no projection', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve([[orderSearch, ['o1', 'o2', 'o3'].map((id) => orderDocument(id))]]);
  });
  afterAll(() => served.close());

  const ask = (path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${served.running.url}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
  /** What an answer says of its freshness. */
  const told = async ({ tells }: Operation, answer: Response): Promise<object> => {
    if (tells === 'body') return ((await answer.json()) as { freshness: object }).freshness;
    const [lag, after] = ['prejoin-lag-ms', 'prejoin-after'].map((name) => answer.headers.get(name));
    return { lagMs: lag, ...(after === null ? {} : { after }) };
  };

  test.each(operations)('answers $name as ever, and says that nothing is known', async (operation) => {
    const answer = await ask(operation.path, operation.body);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBeNull();
    expect(await told(operation, answer)).toEqual({ lagMs: null });
  });

  test.each(operations)('says of $name that a write may be missing, and does not fail', async (operation) => {
    const answer = await ask(operation.path, operation.body, {
      'Prejoin-After': 'order/o1@7, customer/x@2.3',
      Prefer: 'wait=60',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe('wait=10');
    expect(await told(operation, answer)).toEqual({ lagMs: null, after: 'timeout' });
  });

  test.each(operations)('refuses what is no list of writes, in $name', async ({ path, body }) => {
    const answer = await ask(path, body, { 'Prejoin-After': 'order' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: 'after_invalid',
      errors: [{ parameter: 'Prejoin-After', code: 'after_invalid' }],
    });
  });

  test('has a 404 say when to try again only if a write was not waited for long enough', async () => {
    const missing = await ask(`${V}/o9`);
    expect([missing.status, missing.headers.get('retry-after')]).toEqual([404, null]);
    expect(await missing.json()).not.toHaveProperty('freshness');
    const late = await ask(`${V}/o9`, undefined, { 'Prejoin-After': 'order/o9@1' });
    expect([late.status, late.headers.get('retry-after'), late.headers.get('prejoin-after')]).toEqual([
      404,
      '1',
      'timeout',
    ]);
    expect(await late.json()).toMatchObject({
      code: 'not_found',
      freshness: { lagMs: null, after: 'timeout' },
    });
  });

  test('keeps the bytes of documents, and has 304 for a copy that is current', async () => {
    const after = { 'Prejoin-After': 'order/o1@1' };
    const answer = await ask(`${V}/o1`, undefined, after);
    expect(await answer.text()).toBe(JSON.stringify(orderDocument('o1')));
    const etag = answer.headers.get('etag') ?? '';
    const again = await ask(`${V}/o1`, undefined, { ...after, 'If-None-Match': etag });
    expect([again.status, again.headers.get('prejoin-after')]).toEqual([304, 'timeout']);
  });

  test('lets pages of any origin send the headers and read what the answer says', async () => {
    const preflight = await fetch(`${served.running.url}${V}`, {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://shop.example',
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'prejoin-after,prefer',
      },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/prejoin-after.*prefer/i);
    const answer = await ask(V, undefined, { Origin: 'https://shop.example' });
    const exposed = answer.headers.get('access-control-expose-headers')?.split(/, */) ?? [];
    expect(exposed).toEqual(
      expect.arrayContaining(['Prejoin-After', 'Prejoin-Lag-Ms', 'Preference-Applied']),
    );
  });

  test('describes the headers of every operation that reads documents', () => {
    const { paths } = served.running.openapi;
    const reads = Object.entries(paths).flatMap(([path, { get, post }]) =>
      path.startsWith(V) && !path.endsWith('/_fields') ? [get, post].filter((one) => one !== undefined) : [],
    );
    expect(reads).toHaveLength(7);
    for (const { parameters = [] } of reads)
      expect(parameters).toEqual(
        expect.arrayContaining(
          ['Prejoin-After', 'Prefer'].map((name): unknown => expect.objectContaining({ name, in: 'header' })),
        ),
      );
  });
});
