import {
  compute,
  count,
  facet,
  id,
  instant,
  int,
  list,
  many,
  max,
  money,
  nullable,
  one,
  oneOf,
  orElse,
  ref,
  source,
  string,
  sum,
  text,
  view,
  type DocumentOf,
  type StateOf,
} from '../../index.js';
import type { Domain } from '../domain.js';

const customer = source(
  'customer',
  { id: id(), name: string(), email: string(), tier: oneOf('basic', 'silver', 'gold') },
  { owner: 'customers' },
);
const product = source(
  'product',
  { id: id(), sku: string(), name: string(), price: money('EUR') },
  { owner: 'catalog' },
);
const stock = source('stock', { id: id(ref(product)), onHand: int() }, { owner: 'catalog' });
const order = source(
  'order',
  {
    id: id(),
    customerId: ref(customer),
    status: oneOf('pending', 'confirmed', 'cancelled'),
    total: money('EUR'),
    discount: money('EUR'),
    placedAt: instant(),
    lines: list({ productId: ref(product), quantity: int(), unitPrice: money('EUR') }),
  },
  { owner: 'orders' },
);
const payment = source(
  'payment',
  {
    id: id(),
    orderId: ref(order, { unique: true }),
    status: oneOf('due', 'paid', 'failed'),
    paidAt: nullable(instant()),
  },
  { owner: 'payments' },
);

/** A required partner, lists with products inside, a unique reference backwards, a flattened list. */
export const orderSearch = view('order-search', order, { sort: '-placedAt' }, (o) => ({
  status: facet(o.status),
  total: o.total,
  placedAt: o.placedAt,
  customer: one(o.customerId, { required: true }, (c) => ({
    id: c.id,
    name: text(c.name, { weight: 3 }),
    tier: facet(c.tier),
  })),
  lines: many(o.lines, (l) => ({
    quantity: l.quantity,
    product: one(l.productId, (p) => ({ sku: p.sku, name: text(p.name) })),
  })),
  payment: one(payment.orderId, (p) => ({ status: facet(p.status), paidAt: p.paidAt })),
  net: compute(money('EUR'), [o.total, o.discount], (total, discount) => total - discount),
  units: sum(o.lines, (l) => l.quantity),
  skus: many(o.lines, (l) => one(l.productId, (p) => p.sku)),
}));

/** Roll-ups and the first rows backwards over a reference that any number of rows may hold. */
export const customerOverview = view('customer-overview', customer, (c) => ({
  name: text(c.name),
  orders: count(order.customerId),
  spent: sum(order.customerId, (o) => o.total, { where: { status: 'confirmed' } }),
  lastOrderAt: max(order.customerId, (o) => o.placedAt),
  latest: many(order.customerId, { sort: '-placedAt', limit: 2 }, (o) => ({
    id: o.id,
    total: o.total,
    payment: one(payment.orderId, (p) => p.status),
  })),
}));

/** Roll-ups over the items of lists, filtered by the rows that own them. */
export const productDemand = view('product-demand', product, (p) => ({
  name: text(p.name),
  onHand: orElse(
    one(stock.id, (s) => s.onHand),
    0,
  ),
  unitsOrdered: sum(order.lines.productId, (l) => l.quantity, {
    where: { parent: { status: { ne: 'cancelled' } } },
  }),
  openOrders: count(order.lines.productId, {
    distinct: (l) => l.parent.id,
    where: { parent: { status: 'pending' } },
  }),
}));

const rows = {
  customer: [
    { id: 'ann', name: 'Ann', email: 'ann@example.org', tier: 'gold' },
    { id: 'bob', name: 'Bob', email: 'bob@example.org', tier: 'basic' },
  ] satisfies StateOf<typeof customer>[],
  product: [
    { id: 'lamp', sku: 'L-1', name: 'Lamp', price: 2500 },
    { id: 'desk', sku: 'D-1', name: 'Desk', price: 9900 },
  ] satisfies StateOf<typeof product>[],
  stock: [{ id: 'lamp', onHand: 7 }] satisfies StateOf<typeof stock>[],
  order: [
    {
      id: 'o1',
      customerId: 'ann',
      status: 'confirmed',
      total: 14900,
      discount: 900,
      placedAt: '2026-03-01T10:00:00Z',
      lines: [
        { productId: 'lamp', quantity: 2, unitPrice: 2500 },
        { productId: 'desk', quantity: 1, unitPrice: 9900 },
      ],
    },
    // An hour after o1, though its text is smaller.
    {
      id: 'o2',
      customerId: 'ann',
      status: 'pending',
      total: 5000,
      discount: 0,
      placedAt: '2026-03-01T09:00:00-02:00',
      lines: [
        { productId: 'lamp', quantity: 1, unitPrice: 2500 },
        { productId: 'lamp', quantity: 1, unitPrice: 2500 },
      ],
    },
    {
      id: 'o3',
      customerId: 'ann',
      status: 'cancelled',
      total: 2500,
      discount: 0,
      placedAt: '2026-02-01T10:00:00Z',
      lines: [{ productId: 'lamp', quantity: 1, unitPrice: 2500 }],
    },
    // Neither its customer nor its product is there.
    {
      id: 'o4',
      customerId: 'nobody',
      status: 'pending',
      total: 100,
      discount: 0,
      placedAt: '2026-02-02T10:00:00Z',
      lines: [{ productId: 'nothing', quantity: 1, unitPrice: 100 }],
    },
  ] satisfies StateOf<typeof order>[],
  payment: [{ id: 'p1', orderId: 'o1', status: 'paid', paidAt: '2026-03-02T08:00:00Z' }] satisfies StateOf<
    typeof payment
  >[],
};

const orderDocuments: DocumentOf<typeof orderSearch>[] = [
  {
    id: 'o1',
    status: 'confirmed',
    total: 14900,
    placedAt: '2026-03-01T10:00:00Z',
    customer: { id: 'ann', name: 'Ann', tier: 'gold' },
    lines: [
      { quantity: 2, product: { sku: 'L-1', name: 'Lamp' } },
      { quantity: 1, product: { sku: 'D-1', name: 'Desk' } },
    ],
    payment: { status: 'paid', paidAt: '2026-03-02T08:00:00Z' },
    net: 14000,
    units: 3,
    skus: ['L-1', 'D-1'],
  },
  {
    id: 'o2',
    status: 'pending',
    total: 5000,
    placedAt: '2026-03-01T09:00:00-02:00',
    customer: { id: 'ann', name: 'Ann', tier: 'gold' },
    lines: [
      { quantity: 1, product: { sku: 'L-1', name: 'Lamp' } },
      { quantity: 1, product: { sku: 'L-1', name: 'Lamp' } },
    ],
    payment: null,
    net: 5000,
    units: 2,
    skus: ['L-1', 'L-1'],
  },
  {
    id: 'o3',
    status: 'cancelled',
    total: 2500,
    placedAt: '2026-02-01T10:00:00Z',
    customer: { id: 'ann', name: 'Ann', tier: 'gold' },
    lines: [{ quantity: 1, product: { sku: 'L-1', name: 'Lamp' } }],
    payment: null,
    net: 2500,
    units: 1,
    skus: ['L-1'],
  },
];

const customerDocuments: DocumentOf<typeof customerOverview>[] = [
  {
    id: 'ann',
    name: 'Ann',
    orders: 3,
    spent: 14900,
    lastOrderAt: '2026-03-01T09:00:00-02:00',
    latest: [
      { id: 'o2', total: 5000, payment: null },
      { id: 'o1', total: 14900, payment: 'paid' },
    ],
  },
  { id: 'bob', name: 'Bob', orders: 0, spent: 0, lastOrderAt: null, latest: [] },
];

const productDocuments: DocumentOf<typeof productDemand>[] = [
  { id: 'lamp', name: 'Lamp', onHand: 7, unitsOrdered: 4, openOrders: 1 },
  { id: 'desk', name: 'Desk', onHand: 0, unitsOrdered: 1, openOrders: 0 },
];

export const shop: Domain = {
  name: 'shop',
  sources: [customer, product, stock, order, payment],
  rows,
  views: [
    { view: orderSearch, documents: orderDocuments },
    { view: customerOverview, documents: customerDocuments },
    { view: productDemand, documents: productDocuments },
  ],
};
