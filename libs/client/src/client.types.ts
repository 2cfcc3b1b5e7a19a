/** Compiled by tsc only: what is inferred from a view, for the twelve views of the domains for tests. */
import {
  agenda,
  articles,
  customerOverview,
  deviceList,
  listingSearch,
  orderSearch,
  people,
  productDemand,
  receivables,
  tasks,
  tickets,
  workload,
} from '#views/testing';
import { createClient } from './index.js';

type Eq<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
/** Flattens intersections and readonly members, which are equal in meaning but not to `Eq`. */
type Flat<T> = T extends readonly (infer Item)[]
  ? Flat<Item>[]
  : T extends object
    ? { -readonly [P in keyof T]: Flat<T[P]> }
    : T;
function holds<_X extends true>(): void {}

const client = createClient({ baseUrl: 'http://127.0.0.1' });
const orders = client.view(orderSearch);

// The whole grammar of filters.
export const r1 = await orders.search({
  where: {
    status: ['confirmed', 'pending'],
    total: { gte: 1000 },
    'customer.tier': 'gold',
    'lines.product.sku': { prefix: 'AB', ne: ['ABC'] },
    'payment.paidAt': null,
    skus: { all: ['X', 'Y'] },
    placedAt: { gte: 'now-7d', lt: '2026-05-31' },
    and: [{ units: 1 }, { units: { exists: true } }],
    or: [{ skus: 'X' }, { not: { 'payment.status': 'paid' } }],
  },
  sort: ['-placedAt', 'customer.name', '-payment.paidAt:nullsFirst'],
});
holds<
  Eq<(typeof r1)['data'][number]['customer'], { id: string; name: string; tier: 'basic' | 'silver' | 'gold' }>
>();
holds<Eq<(typeof r1)['total'], number>>();

export const r2 = await client.view(listingSearch).search({
  where: {
    at: { near: { lat: 52.4, lon: 4.9, distance: '5km' } },
    labels: ['new'],
    'seller.rating': { gte: 4 },
  },
});
holds<Eq<(typeof r2)['data'][number]['attributes'], Record<string, string>>>();

// Parts of documents: what may be null is absent when it is.
export const r3 = await orders.search({
  fields: ['status', 'customer.name', 'lines.product.sku', 'payment.paidAt'],
  totals: 'none',
});
holds<
  Eq<
    Flat<(typeof r3)['data'][number]>,
    {
      id: string;
      status: 'pending' | 'confirmed' | 'cancelled';
      customer: { name: string };
      lines?: { product?: { sku: string } }[];
      payment?: { paidAt: string | null };
    }
  >
>();
holds<Eq<(typeof r3)['total'], null>>();
export const r4 = await orders.search({ fields: ['payment', 'lines'] });
holds<
  Eq<
    Flat<(typeof r4)['data'][number]>,
    {
      id: string;
      payment: { status: 'due' | 'paid' | 'failed'; paidAt: string | null } | null;
      lines: { quantity: number; product: { sku: string; name: string } | null }[];
    }
  >
>();

// Facets by their fields.
export const r5 = await orders.search({
  facets: [
    'status',
    'customer.tier:50',
    'placedAt:month',
    'total:..1000|1000..',
    'payment.paidAt:2026-01-01..now',
  ],
  limit: 0,
});
holds<
  Eq<
    Flat<(typeof r5)['facets']>,
    {
      status: { values: { value: 'pending' | 'confirmed' | 'cancelled'; count: number }[]; other: number };
      'customer.tier': { values: { value: 'basic' | 'silver' | 'gold'; count: number }[]; other: number };
      placedAt: { values: { value: string; count: number }[]; other: number };
      total: { ranges: { from: number | null; to: number | null; count: number }[] };
      'payment.paidAt': { ranges: { from: string | null; to: string | null; count: number }[] };
    }
  >
>();

export const r6 = await orders.search({ q: 'lamp', in: ['lines.product.name'], highlight: true });
holds<Eq<NonNullable<typeof r6.highlights>[string]['lines.product.name'], readonly string[] | undefined>>();

export const r7 = await orders.stats({ sum: ['total'], min: ['placedAt', 'net'], by: 'placedAt:month' });
holds<
  Eq<
    Flat<(typeof r7)['groups'][number]>,
    {
      key: string;
      count: number;
      sum: { total: number };
      min: { placedAt: string | null; net: number | null };
    }
  >
>();
export const r8 = await orders.stats({ avg: ['total'], where: { status: 'confirmed' } });
holds<Eq<Flat<(typeof r8)['groups'][number]>, { key: null; count: number; avg: { total: number | null } }>>();
export const r9 = await orders.stats({ by: 'customer.tier' });
holds<Eq<(typeof r9)['groups'][number]['key'], 'basic' | 'silver' | 'gold'>>();

export const r10 = await orders.get('o1');
holds<Eq<NonNullable<typeof r10>['document']['units'], number>>();
export const r11 = await orders.get('o1', { ifNoneMatch: '"7"' });
if (r11 !== null && r11.document !== 'unchanged') holds<Eq<(typeof r11.document)['units'], number>>();

for await (const _order of orders.each({ where: { status: 'pending' }, fields: ['total'] }))
  holds<Eq<Flat<typeof _order>, { id: string; total: number }>>();
for await (const _order of orders.export()) holds<Eq<(typeof _order)['net'], number>>();

// By name, when the declaration is a type only.
export const r12 = await client.viewNamed<typeof orderSearch>('order-search').search({ where: { units: 3 } });
holds<Eq<(typeof r12)['data'][number]['units'], number>>();

// A filter may be put together before.
const conditions = { status: ['pending', 'confirmed'] as const, total: { gte: 5 } };
void orders.search({ where: conditions });

// Every kind of field, of every domain.
void client
  .view(customerOverview)
  .search({ where: { 'latest.payment': 'due', spent: { lt: 5 } }, sort: '-lastOrderAt' });
void client.view(productDemand).stats({ max: ['unitsOrdered'], where: { onHand: 0 } });
void client
  .view(agenda)
  .search({ where: { with: 'dental', 'patient.bornOn': { lt: '2000-01-01' }, room: null } });
void client
  .view(tickets)
  .search({ where: { waiting: true, assignee: 'nobody', 'latest.from': 'agent' }, facets: ['priority'] });
void client.view(people).search({ where: { 'manager.manager': 'Ann', 'reports.name': { all: ['Bob'] } } });
void client
  .view(articles)
  .search({ where: { tags: ['news', 'sports'] }, sort: 'tags', q: 'x', in: ['title'] });
void client.view(receivables).stats({ by: 'dueOn:week', sum: ['open', 'paid'] });
void client.view(deviceList).search({
  where: { 'state.celsius': { gt: 1.5 }, 'state.online': true, 'site.at': null },
  sort: 'state.celsius:nullsFirst',
});
void client.view(tasks).suggest({ field: 'assignees.name', prefix: 'a', where: { kind: 'task' } });
void client.view(workload).search({ where: { next: 'Sweep', open: { gte: 1, lte: 5 } } });
