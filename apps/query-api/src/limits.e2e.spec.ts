import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { orderSearch } from '#commerce';
import { limits } from '#query';
import { line, orderDocument } from './testing/orders.js';
import { serve, type Served } from './testing/serve.js';

const V = '/views/order-search';
const times = (count: number, of: (at: number) => string, separator = ','): string =>
  Array.from({ length: count }, (_, at) => of(at)).join(separator);
const letters = (count: number): string => 'x'.repeat(count);
const numbers = 'total,discount,net,lines.quantity,lines.unitPrice';
const nots = (count: number): string => `${'{"not":'.repeat(count)}{"status":"pending"}${'}'.repeat(count)}`;

/** What breaks a limit by one: the path, the code that it is refused with, and the number that the answer names. */
const byUrl: readonly (readonly [what: string, path: string, code: string, limit: number])[] = [
  ['a query string', `?q=${letters(limits.query)}`, 'value_too_long', limits.query],
  [
    'the names in it',
    `?${times(limits.parameters + 1, () => 'status=pending', '&')}`,
    'too_many_values',
    limits.parameters,
  ],
  [
    'conditions',
    `?where={"or":[${times(limits.conditions + 1, () => '{}')}]}`,
    'too_many_conditions',
    limits.conditions,
  ],
  ['values', `?id=${times(limits.values + 1, String)}`, 'too_many_values', limits.values],
  ['the depth of a filter', `?where=${nots(limits.depth + 1)}`, 'where_too_deep', limits.depth],
  ['a value', `?customer.name=${letters(limits.value + 1)}`, 'value_too_long', limits.value],
  ['a text', `?q=${letters(limits.text + 1)}`, 'value_too_long', limits.text],
  ['the words of a text', `?q=${times(limits.words + 1, () => 'x', '%20')}`, 'too_many_values', limits.words],
  ['facets', `?facets=${times(limits.facets + 1, () => 'status')}`, 'too_many_facets', limits.facets],
  ['groups of a facet', `?facets=status:${limits.buckets + 1}`, 'too_many_buckets', limits.buckets],
  [
    'groups of all facets',
    `?facets=${['status', 'total', 'discount', 'net', 'customer.tier'].map((path) => `${path}:500`).join(',')}`,
    'too_many_buckets',
    limits.bucketsInAll,
  ],
  [
    'ranges of a facet',
    `?facets=total:${times(limits.ranges + 1, (at) => `${at}..`, '|')}`,
    'too_many_buckets',
    limits.ranges,
  ],
  ['a page', `?limit=${limits.page + 1}`, 'limit_invalid', limits.page],
  ['the depth of a page', '?page=11&limit=100', 'page_too_deep', limits.deepestHit],
  ['sort keys', '?sort=total,discount,net,placedAt,status,id', 'too_many_values', limits.sortKeys],
  ['fields', `?fields=${times(limits.paths + 1, () => 'status')}`, 'too_many_values', limits.paths],
  [
    'figures',
    `/_stats?sum=${numbers}&avg=${numbers}&min=${numbers}&max=${numbers},placedAt`,
    'too_many_values',
    limits.metrics,
  ],
  [
    'a prefix',
    `/_suggest?field=customer.name&prefix=${letters(limits.prefix + 1)}`,
    'value_too_long',
    limits.prefix,
  ],
  [
    'suggestions',
    `/_suggest?field=customer.name&limit=${limits.suggestions + 1}`,
    'limit_invalid',
    limits.suggestions,
  ],
];

const byBody: readonly (readonly [what: string, path: string, body: string, code: string, limit: number])[] =
  [
    ['a search', '/_search', `{"q":"${letters(limits.search)}"}`, 'body_too_large', limits.search],
    ['a body', '/_search', `{"cursor":"${letters(limits.body)}"}`, 'body_too_large', limits.body],
    [
      'the depth of a search',
      '/_search',
      `{"where":${nots(limits.depth + 1)}}`,
      'where_too_deep',
      limits.depth,
    ],
    [
      'brackets that no filter has',
      '/_search',
      `{"where":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      'where_too_deep',
      limits.depth,
    ],
    [
      'ids',
      '/_batch',
      `{"ids":[${times(limits.batch + 1, (at) => `"${at}"`)}]}`,
      'too_many_values',
      limits.batch,
    ],
  ];

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly code: string; readonly detail: string }[];
}

describe('No request can hurt', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve([[orderSearch, [orderDocument('o1', { lines: [line('A', 1)] })]]]);
  });
  afterAll(() => served.close());

  const refused = async (path: string, init: RequestInit = {}): Promise<Problem> => {
    const answer = await fetch(`${served.running.url}${V}${path}`, init);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    return (await answer.json()) as Problem;
  };
  const json = (body: string): RequestInit => ({
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });

  function expectNamed({ status, errors }: Problem, code: string, limit: number): void {
    expect(status).toBe(400);
    expect(errors.map((error) => error.code)).toContain(code);
    // 1 000 may be written so.
    const named = errors
      .filter((error) => error.code === code)
      .map(({ detail }) => detail.replaceAll(/(\d) (?=\d{3})/g, '$1'));
    expect(named.join(' ')).toContain(String(limit));
  }

  test.each(byUrl)('%s has a limit that its refusal names', async (_what, path, code, limit) => {
    expectNamed(await refused(path), code, limit);
  });

  test.each(byBody)('%s has a limit that its refusal names', async (_what, path, body, code, limit) => {
    expectNamed(await refused(path, json(body)), code, limit);
  });

  test('what is too large to be read is refused before it is', async () => {
    expect(await refused('/_search', json(`{"q":"${letters(256 * 1024)}"}`))).toMatchObject({
      status: 413,
      code: 'body_too_large',
    });
    expect(await refused(`?q=${letters(20_000)}`)).toMatchObject({ status: 431, code: 'headers_too_large' });
    expect(await refused('', { headers: { 'x-large': letters(20_000) } })).toMatchObject({
      status: 431,
      code: 'headers_too_large',
    });
    expect(await refused(`/${letters(400)}`)).toMatchObject({ status: 414, code: 'url_too_long' });
    expect(await refused('/_search', json('{"__proto__":{"limit":1}}'))).toMatchObject({ status: 400 });
  });

  test.each([
    'status:* OR *:*',
    '"unclosed (',
    '*',
    '/.*/',
    '~5 ^2',
    '\\',
    '{"match_all":{}}',
    'a'.repeat(200),
    '\u0000',
    '\u{1f600}',
    "'; DROP TABLE orders; --",
    '${jndi:ldap://x}',
    'doc["total"].value',
  ])('%j is no more than text, wherever a text goes', async (text) => {
    const value = encodeURIComponent(text);
    const quoted = encodeURIComponent(`"${text.replaceAll('"', '""')}"`);
    const statuses: number[] = [];
    for (const path of [
      `?q=${value}`,
      `?q=${value}&highlight=true`,
      `?customer.name=${quoted}`,
      `?customer.name[prefix]=${quoted}`,
      `/_suggest?field=customer.name&prefix=${encodeURIComponent(text.slice(0, 100))}`,
      `/_suggest?field=lines.product.name&prefix=${encodeURIComponent(text.slice(0, 100))}`,
      `/_stats?count=&by=status&customer.name=${quoted}`,
    ])
      statuses.push((await fetch(`${served.running.url}${V}${path}`)).status);
    expect(statuses.filter((status) => status !== 200 && status !== 400)).toEqual([]);
  });
});
