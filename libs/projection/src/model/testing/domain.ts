import {
  array,
  avg,
  count,
  facet,
  id,
  instant,
  int,
  list,
  many,
  max,
  min,
  nullable,
  one,
  oneOf,
  ref,
  self,
  source,
  string,
  sum,
  text,
  view,
  type StateOf,
} from '#views';

/**
 * The shop of the model: references of every kind (plain, unique, shared key, in list items, in an array, to itself),
 * and views that run them forward and backward. Written here, since this lib knows no domain.
 */
const customer = source('customer', { id: id(), name: string(), tier: oneOf('basic', 'gold') });
const product = source('product', { id: id(), name: string(), replacedById: nullable(self()) });
const stock = source('stock', { id: id(ref(product)), available: int() });
const order = source('order', {
  id: id(),
  customerId: nullable(ref(customer)),
  status: oneOf('pending', 'confirmed', 'cancelled'),
  total: int(),
  placedAt: instant(),
  lines: list({ productId: ref(product), quantity: int() }),
});
const payment = source('payment', {
  id: id(),
  orderId: ref(order, { unique: true }),
  status: oneOf('due', 'paid'),
});
const shipment = source('shipment', { id: id(), orderIds: array(ref(order)), carrier: string() });

export const modelSources = [customer, product, stock, order, payment, shipment];

/** The rows of all services, typed: what the naive documents are made of. */
export interface Shop {
  readonly customer: readonly StateOf<typeof customer>[];
  readonly product: readonly StateOf<typeof product>[];
  readonly stock: readonly StateOf<typeof stock>[];
  readonly order: readonly StateOf<typeof order>[];
  readonly payment: readonly StateOf<typeof payment>[];
  readonly shipment: readonly StateOf<typeof shipment>[];
}
export type SourceName = keyof Shop;

export const orderSearch = view('order-search', order, (o) => ({
  status: facet(o.status),
  customer: one(o.customerId, (c) => ({ id: c.id, name: text(c.name) })),
  lines: many(o.lines, (l) => ({
    quantity: l.quantity,
    product: one(l.productId, (p) => ({ name: p.name, available: one(stock.id, (s) => s.available) })),
  })),
  payment: one(payment.orderId, (p) => ({ status: p.status })),
  carriers: many(shipment.orderIds, { limit: 'unbounded' }, (s) => s.carrier),
}));

/** What a later release declares: it also reads the total, the customer's tier and what replaces a product. */
export const orderSearchNext = view('order-search', order, (o) => ({
  status: facet(o.status),
  total: o.total,
  customer: one(o.customerId, (c) => ({ id: c.id, name: text(c.name), tier: facet(c.tier) })),
  lines: many(o.lines, (l) => ({
    quantity: l.quantity,
    product: one(l.productId, (p) => ({
      name: p.name,
      replacedBy: one(p.replacedById, (next) => next.name),
    })),
  })),
}));

/** How many of a customer's orders its page shows: few, so that orders push each other in and out. */
export const LATEST = 2;

export const customerPage = view('customer-page', customer, (c) => ({
  name: c.name,
  latest: many(order.customerId, { sort: '-placedAt', limit: LATEST }, (o) => ({
    id: o.id,
    total: o.total,
    payment: one(payment.orderId, (p) => p.status),
  })),
}));

export const customerPageNext = view('customer-page', customer, (c) => ({
  tier: c.tier,
  latest: many(order.customerId, { sort: '-total', limit: LATEST }, (o) => ({
    status: o.status,
    lines: many(o.lines, (l) => one(l.productId, (p) => p.name)),
  })),
}));

/** Rows come and go by the root's own column, by a partner that must be there, and by partners of list items. */
export const confirmedOrders = view('confirmed-orders', order, { where: { status: 'confirmed' } }, (o) => ({
  total: o.total,
  customer: one(o.customerId, { required: true }, (c) => ({ name: c.name, tier: c.tier })),
  lines: many(o.lines, (l) => ({
    quantity: l.quantity,
    product: one(l.productId, { required: true }, (p) => p.name),
  })),
}));

export const productPage = view('product-page', product, (p) => ({
  name: p.name,
  available: one(stock.id, (s) => s.available),
  replacedBy: one(p.replacedById, (next) => ({
    name: next.name,
    available: one(stock.id, (s) => s.available),
  })),
  replaces: many(product.replacedById, { limit: 'unbounded' }, (before) => before.name),
}));

export const customerOverview = view('customer-overview', customer, (c) => ({
  name: c.name,
  orders: count(order.customerId),
  spent: sum(order.customerId, (o) => o.total, { where: { status: 'confirmed' } }),
  average: avg(order.customerId, (o) => o.total),
  largest: max(order.customerId, (o) => o.total),
  since: min(order.customerId, (o) => o.placedAt),
}));

export const productDemand = view('product-demand', product, (p) => ({
  name: p.name,
  available: one(stock.id, (s) => s.available),
  units: sum(order.lines.productId, (l) => l.quantity, { where: { parent: { status: 'confirmed' } } }),
  openOrders: count(order.lines.productId, {
    distinct: (l) => l.parent.id,
    where: { parent: { status: 'pending' } },
  }),
}));
