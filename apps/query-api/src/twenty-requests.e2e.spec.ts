import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { differenceFrom, documentedExamples, type Example } from './testing/documented-examples.js';
import { order, shopRows } from './testing/shop-rows.js';
import { openShop, type Shop } from './testing/shop.js';

const examples = documentedExamples(readFileSync('docs/query-api.md', 'utf8'));

/** The requests are those of docs/query-api.md, which is read: what is said there is what is answered here. */
describe('The twenty most common requests, as docs/query-api.md has them', () => {
  let shop: Shop;
  /** What stands for `…` in a request: of the last answers that had them. */
  let next = '';
  let etag = '';

  beforeAll(async () => {
    shop = await openShop(shopRows);
  }, 60_000);
  afterAll(() => shop.close());

  test('are the twenty, in their order', () => {
    expect([...new Set(examples.map(({ number }) => number))]).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
  });

  test.each(examples.map((example) => [titleOf(example), example] as const))('%s', async (_, example) => {
    if (example.number === 20) await publishNewOrder();
    const response = await send(example);
    const text = await response.text();
    expect([response.status, response.status === example.status ? '' : text]).toEqual([example.status, '']);
    for (const [name, value] of Object.entries(example.told))
      expect([name, differenceFrom(value, response.headers.get(name))]).toEqual([name, null]);
    if (example.answer === undefined) expect(text).toBe('');
    else expect(differenceFrom(example.answer, JSON.parse(text))).toBeNull();
    next = /"next":"([^"]+)"/.exec(text)?.[1] ?? next;
    etag = response.headers.get('etag') ?? etag;
  });

  const send = ({ method, path, headers, body }: Example): Promise<Response> => {
    const asked = path.replace(/^V/, '/views/order-search').replace('cursor=…', `cursor=${next}`);
    const known = Object.entries(headers).map(([name, value]) => [name, value.replace('…', etag)] as const);
    return fetch(`${shop.running.url}${encodeURI(asked).replaceAll('+', '%2B')}`, {
      method,
      headers: {
        ...Object.fromEntries(known),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };

  /** What the twentieth asks to contain: published a moment before, and not built yet. */
  const publishNewOrder = (): Promise<void> =>
    shop.publish([
      order('o5', {
        customerId: 'anna',
        status: 'pending',
        total: 700,
        placedAt: new Date().toISOString(),
        lines: [],
      }),
    ]);
});

function titleOf({ number, method, path, status }: Example): string {
  return `${number}. ${method} ${path} is answered by ${status}`;
}
