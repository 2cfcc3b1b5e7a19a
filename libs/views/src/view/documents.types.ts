/** Compiled by tsc only: the documents that are inferred from shapes. */
import {
  array,
  avg,
  bool,
  compute,
  constant,
  count,
  facet,
  id,
  instant,
  int,
  list,
  many,
  max,
  min,
  money,
  nullable,
  one,
  oneOf,
  orElse,
  ref,
  self,
  source,
  string,
  sum,
  text,
  view,
  type DocumentOf,
} from '../index.js';

type Eq<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
/** Flattens intersections, which are equal in meaning but not to `Eq`. */
type Flat<T> = { [P in keyof T]: T[P] };
function holds<_X extends true>(): void {}

const customer = source('customer', { id: id(), name: string(), tier: oneOf('basic', 'gold') });
const product = source('product', { id: id(), sku: string() });
const stock = source('stock', { id: id(ref(product)), onHand: int() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  total: money('EUR'),
  placedAt: instant(),
  lines: list({ productId: ref(product), quantity: int() }),
});
const payment = source('payment', {
  id: id(),
  orderId: ref(order, { unique: true }),
  status: oneOf('due', 'paid'),
  paidAt: nullable(instant()),
});

export const orders = view('orders', order, { sort: '-placedAt' }, (o) => ({
  customer: one(o.customerId, { required: true }, (c) => ({ name: text(c.name), tier: facet(c.tier) })),
  buyer: one(o.customerId, (c) => c.name),
  lines: many(o.lines, (l) => ({ quantity: l.quantity, sku: one(l.productId, (p) => p.sku) })),
  skus: many(o.lines, (l) => one(l.productId, (p) => p.sku)),
  payment: one(payment.orderId, (p) => ({ status: p.status, paidAt: p.paidAt })),
  units: compute(int(), [o.lines], (lines) => lines.reduce((sum, line) => sum + line.quantity, 0)),
  isPaid: compute(bool(), [one(payment.orderId, (p) => p.status)], (status) => status === 'paid'),
  kind: constant('order'),
}));
holds<
  Eq<
    Flat<DocumentOf<typeof orders>>,
    {
      id: string;
      customer: { name: string; tier: 'basic' | 'gold' };
      buyer: string | null;
      lines: { quantity: number; sku: string | null }[];
      skus: string[];
      payment: { status: 'due' | 'paid'; paidAt: string | null } | null;
      units: number;
      isPaid: boolean;
      kind: 'order';
    }
  >
>();

export const customers = view(
  'customers',
  customer,
  { where: { or: [{ tier: 'gold' }, { not: { name: 'x' } }] } },
  (c) => ({
    name: c.name,
    latest: many(order.customerId, { sort: ['-placedAt', 'id'], limit: 5 }, (o) => ({
      total: o.total,
      status: one(payment.orderId, (p) => p.status),
    })),
    last: one(order.customerId, { sort: '-placedAt', where: { total: { gte: 100 } } }, (o) => o.placedAt),
  }),
);
holds<
  Eq<
    Flat<DocumentOf<typeof customers>>,
    {
      id: string;
      name: string;
      latest: { total: number; status: 'due' | 'paid' | null }[];
      last: string | null;
    }
  >
>();

export const products = view('products', product, (p) => ({
  sku: p.sku,
  onHand: orElse(
    one(stock.id, (s) => s.onHand),
    0,
  ),
}));
holds<Eq<Flat<DocumentOf<typeof products>>, { id: string; sku: string; onHand: number }>>();

const user = source('user', { id: id(), name: string(), bossId: nullable(self()) });
const task = source('task', { id: id(), title: string(), assigneeIds: array(ref(user)), done: bool() });
export const users = view('users', user, (u) => ({
  boss: one(u.bossId, (b) => one(b.bossId, (bb) => bb.name)),
  tasks: many(task.assigneeIds, { where: { done: false }, sort: 'title', limit: 'unbounded' }, (t) => ({
    title: t.title,
    with: many(t.assigneeIds, (other) => facet(other.name)),
  })),
}));
holds<
  Eq<
    Flat<DocumentOf<typeof users>>,
    { id: string; boss: string | null; tasks: { title: string; with: string[] }[] }
  >
>();

export const rolledUp = view('rolled-up', customer, (c) => ({
  name: c.name,
  orders: count(order.customerId),
  big: count(order.customerId, { where: { total: { gte: 100 } } }),
  days: count(order.customerId, { distinct: (o) => o.placedAt, where: { total: { gte: 100 } } }),
  spent: sum(order.customerId, (o) => o.total, { where: { total: { gte: 100 } } }),
  mean: avg(order.customerId, (o) => o.total),
  first: min(order.customerId, (o) => o.placedAt),
  best: max(order.customerId, (o) => o.total),
  known: orElse(
    max(order.customerId, (o) => o.total),
    0,
  ),
  isGood: compute(bool(), [avg(order.customerId, (o) => o.total)], (mean) => mean !== null && mean > 1),
}));
holds<
  Eq<
    Flat<DocumentOf<typeof rolledUp>>,
    {
      id: string;
      name: string;
      orders: number;
      big: number;
      days: number;
      spent: number;
      mean: number | null;
      first: string | null;
      best: number | null;
      known: number;
      isGood: boolean;
    }
  >
>();

export const demand = view('demand', product, (p) => ({
  sku: facet(p.sku),
  units: sum(order.lines.productId, (l) => l.quantity, {
    where: { quantity: { gt: 0 }, parent: { total: { gt: 0 }, or: [{ id: 'a' }, { id: 'b' }] } },
  }),
  orders: count(order.lines.productId, { distinct: (l) => l.parent.id }),
  lastAt: max(order.lines.productId, (l) => l.parent.placedAt),
  latest: many(order.lines.productId, { sort: ['-parent.placedAt', 'quantity'], limit: 3 }, (l) => ({
    quantity: l.quantity,
    at: l.parent.placedAt,
    who: one(l.parent.customerId, (c) => c.name),
    lines: many(l.parent.lines, (other) => one(other.productId, (o) => o.sku)),
  })),
  last: one(order.lines.productId, { sort: '-parent.placedAt', required: true }, (l) => l.quantity),
}));
holds<
  Eq<
    Flat<DocumentOf<typeof demand>>,
    {
      id: string;
      sku: string;
      units: number;
      orders: number;
      lastAt: string | null;
      latest: { quantity: number; at: string; who: string | null; lines: string[] }[];
      last: number;
    }
  >
>();

const part = source('part', { id: id(), name: string(), uses: list({ partId: self(), many: int() }) });
export const parts = view('parts', part, (p) => ({
  name: p.name,
  uses: many(p.uses, (use) => ({ many: use.many, name: one(use.partId, (q) => q.name) })),
  usedIn: many(part.uses.partId, { limit: 9 }, (use) => use.parent.name),
  most: max(p.uses, (use) => use.many),
}));
holds<
  Eq<
    Flat<DocumentOf<typeof parts>>,
    {
      id: string;
      name: string;
      uses: { many: number; name: string | null }[];
      usedIn: string[];
      most: number | null;
    }
  >
>();
