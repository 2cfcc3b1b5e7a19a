import { order as randomOrder } from '#search/testing';
import {
  array,
  bool,
  carry,
  day,
  decimal,
  facet,
  geo,
  guard,
  id,
  instant,
  int,
  json,
  list,
  many,
  money,
  nullable,
  one,
  oneOf,
  prose,
  ref,
  source,
  string,
  text,
  view,
} from '#views';
import fc from 'fast-check';
import type { OrderDocument } from './orders.js';

const customer = source(
  'customer',
  { id: id(), name: nullable(string()), tier: nullable(oneOf('gold', 'basic', 'silver')) },
  { owner: 'customers' },
);
const product = source(
  'product',
  { id: id(), sku: string(), name: nullable(string()) },
  { owner: 'catalog' },
);
const order = source(
  'order',
  {
    id: id(),
    tenantId: nullable(string()),
    customerId: nullable(ref(customer)),
    status: nullable(oneOf('pending', 'confirmed', 'cancelled', 'Pending')),
    total: nullable(money('EUR')),
    weight: nullable(decimal()),
    placedAt: nullable(instant()),
    dueOn: nullable(day()),
    gift: nullable(bool()),
    note: nullable(prose()),
    tags: array(string()),
    at: nullable(geo()),
    extra: json(),
    secret: nullable(string()),
    lines: list({ productId: nullable(ref(product)), quantity: nullable(int()) }),
    codes: list({ code: nullable(string()), count: nullable(int()) }),
  },
  { owner: 'orders' },
);
const payment = source(
  'payment',
  {
    id: id(),
    orderId: ref(order, { unique: true }),
    status: oneOf('paid', 'due'),
    paidAt: nullable(instant()),
  },
  { owner: 'payments' },
);

/** Orders of several tenants, with a field of every kind. */
export const tenantOrders = view(
  'tenant-orders',
  order,
  { sort: '-placedAt', was: 'orders-of-tenants' },
  (o) => ({
    tenantId: guard(facet(o.tenantId)),
    status: facet(o.status),
    total: o.total,
    weight: o.weight,
    placedAt: o.placedAt,
    dueOn: o.dueOn,
    gift: o.gift,
    note: text(o.note),
    tags: o.tags,
    at: o.at,
    extra: o.extra,
    secret: carry(o.secret),
    customer: one(o.customerId, (c) => ({ id: c.id, name: text(c.name, { weight: 3 }), tier: c.tier })),
    lines: many(o.lines, (l) => ({
      quantity: l.quantity,
      product: one(l.productId, (p) => ({ sku: p.sku, name: text(p.name) })),
    })),
    codes: many(o.codes, { flat: true }, (c) => ({ code: c.code, count: c.count })),
    payment: one(payment.orderId, (p) => ({ status: p.status, paidAt: p.paidAt })),
  }),
);

/** Two tenants whose names differ by case only. */
export type Tenant = 'acme' | 'Acme';

/** What only the other tenant's documents hold: no answer to `acme` may have it. */
export const marker = /zanzibar|zq|777|2031/i;
const marked = {
  status: 'Pending',
  total: 77_777,
  weight: 777.25,
  placedAt: '2031-05-05T10:00:00.000Z',
  dueOn: '2031-05-05',
  note: 'zanzibar morning',
  tags: ['zq-tag'],
  at: { lat: -10, lon: 100 },
  extra: { any: 'zanzibar' },
  secret: 'zanzibar',
  customer: { id: 'zq1', name: 'Zanzibar Quell', tier: 'silver' },
  lines: [{ quantity: 777, product: { sku: 'ZQ-1', name: 'Zanzibar lamp' } }],
  codes: [{ code: 'zq', count: 777 }],
  payment: { status: 'paid', paidAt: '2031-05-06T10:00:00.000Z' },
};

const each = 60;
const [own, others, nobodys] = [0, each, 2 * each].map((skipped) =>
  fc.sample(randomOrder, { numRuns: 3 * each, seed: 11 }).slice(skipped, skipped + each),
);

/** Their documents are made of the same few values, but for a third of `Acme`, which is marked; some are nobody's. */
export const tenantDocuments: readonly OrderDocument[] = [
  ...(own ?? []).map((one, at) => ({ id: `o${at}`, tenantId: 'acme', ...one })),
  ...(others ?? []).map((one, at) => ({
    id: at % 3 === 0 ? `zq${at}` : `p${at}`,
    tenantId: 'Acme',
    ...one,
    ...(at % 3 === 0 ? marked : {}),
  })),
  ...(nobodys ?? []).slice(0, 6).map((one, at) => ({ id: `n${at}`, tenantId: null, ...one })),
];

/** What is asked for: values that both have, those that one has, and those that nobody has. */
export const tenantVocabulary = {
  ids: ['o1', 'o2', 'o30', 'p1', 'p2', 'zq0', 'zq3', 'n1', 'nobody'],
  texts: [
    'acme',
    'Acme',
    'ACME',
    'c1',
    'c7',
    'zq1',
    'o1',
    'zq0',
    'red',
    'Red',
    'zq-tag',
    'A',
    'ZQ-1',
    'x',
    'zq',
  ],
  words: [
    'anna',
    'blue lamp',
    'zanzibar',
    'zanz',
    '"zanzibar lamp"',
    'lamp -zanzibar',
    'la',
    'ac',
    'zq',
    '<b>',
  ],
};
