/**
 * Compiled by tsc only: the examples of docs/client.md, which has them word for word (examples.unit.spec.ts). They are
 * of the shop of the domains for tests.
 */
import { listingSearch, orderSearch } from '#views/testing';
import { createClient, RefusedError, UnavailableError } from './index.js';

declare const token: string;
declare const input: { readonly value: string };
declare const gone: AbortController;
declare function show(...what: readonly unknown[]): void;
declare function write(line: string): Promise<void>;

const client = createClient({
  baseUrl: 'https://queries.shop.example',
  headers: () => ({ authorization: `Bearer ${token}` }),
});
const orders = client.view(orderSearch);

export const found = await orders.search({
  where: { status: ['pending', 'confirmed'], 'customer.tier': 'gold', total: { gte: 1000 } },
  sort: ['-placedAt', 'customer.name:nullsFirst'],
  limit: 50,
});
for (const order of found.data) show(order.id, order.customer.name, order.payment?.status);

void orders.search({
  where: {
    'lines.product.sku': { prefix: 'AB' },
    'lines.quantity': { gte: 2 },
    'payment.paidAt': null,
    placedAt: { gte: 'now-1M/M' },
    or: [{ units: { gt: 10 } }, { not: { 'payment.status': 'paid' } }],
  },
});
void client.view(listingSearch).search({
  where: { at: { near: { lat: 52.37, lon: 4.89, distance: '5km' } }, labels: { all: ['used', 'red'] } },
});

const dashboard = await orders.search({
  q: '"blue lamp" -sale',
  in: ['lines.product.name'],
  highlight: true,
  facets: ['status', 'customer.tier:50', 'placedAt:month', 'total:..1000|1000..5000|5000..'],
  fields: ['status', 'customer.name', 'payment.paidAt'],
});
for (const { value, count } of dashboard.facets.status.values) show(value, count);
for (const { from, to, count } of dashboard.facets.total.ranges) show(from, to, count);
for (const { id, customer, payment } of dashboard.data) show(id, customer.name, payment?.paidAt);

for await (const page of orders.pages({ where: { status: 'pending' }, snapshot: '5m' }))
  show(page.data.length);
for await (const order of orders.each({ sort: 'placedAt' })) if (order.total === 0) break;
for await (const order of orders.export({ fields: ['total'] })) await write(JSON.stringify(order));

const query = { where: { status: 'pending' }, sort: '-total' } as const;
const first = await orders.search(query);
if (first.next !== null) show(await orders.after(first.next, query));

const one = await orders.get('018f2f6e');
if (one !== null) {
  show(one.document.lines, one.revision);
  const again = await orders.get('018f2f6e', { ifNoneMatch: one.revision });
  if (again?.document === 'unchanged') show('still the same');
}
const { data, missing } = await orders.getMany(['018f2f6e', '018f2f6f']);
show(data, missing);

const names = await orders.suggest({ field: 'customer.name', prefix: input.value });
const months = await orders.stats({ sum: ['total'], by: 'placedAt:month', where: { status: 'confirmed' } });
for (const { key, count, sum } of months.groups) show(key, count, sum.total);
show(names.data);

await client.fetch('https://commands.shop.example/orders/018f2f6e/confirm', { method: 'POST' });
const confirmed = await orders.search({ where: { status: 'confirmed' } });
show(confirmed.freshness.after, confirmed.freshness.lagMs);

try {
  await orders.search({ where: { total: { gte: 1000 } } }, { signal: gone.signal, timeoutMs: 2_000 });
} catch (error) {
  if (error instanceof RefusedError)
    for (const { parameter, detail } of error.errors) show(parameter, detail);
  else if (error instanceof UnavailableError) show('Try again in', error.retryAfterMs);
  else throw error;
}

export const byName = client.viewNamed<typeof orderSearch>('order-search');
