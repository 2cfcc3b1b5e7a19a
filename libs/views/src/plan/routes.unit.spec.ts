import {
  array,
  compile,
  count,
  id,
  list,
  many,
  nullable,
  one,
  ref,
  routesOf,
  self,
  source,
  string,
  view,
  was,
} from '../index.js';
import type { AnyView } from './compile.js';

const customer = source('customer', { id: id(), name: string() });
const product = source('product', { id: id(), sku: string() });
const stock = source('stock', { id: id(ref(product)), shelf: string() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  lines: list({ productId: ref(product) }),
});
const payment = source('payment', { id: id(), orderId: ref(order, { unique: true }), status: string() });
const shipment = source('shipment', { id: id(), orderId: ref(order, { unique: true }) });
const person = source('person', { id: id(), name: string(), bossId: nullable(self()) });
const task = source('task', { id: id(), title: string(), assigneeIds: array(ref(person)) });

/** `source.start → source(match→give) …`, by level. */
function routes(of: AnyView): Record<string, string> {
  const shown = routesOf(compile(of)).map(({ level, source, start, steps }) => {
    const hops = steps.map((step) => ` → ${step.source}(${step.match}→${step.give})`).join('');
    return [level, `${source}.${start}${hops}`];
  });
  return Object.fromEntries(shown) as Record<string, string>;
}

describe('the routes of a plan', () => {
  it('lead from what an order refers to, through the order; from what refers to the order, directly', () => {
    const orders = view('orders', order, (o) => ({
      customer: one(o.customerId, (c) => c.name),
      lines: many(o.lines, (l) => ({ product: one(l.productId, (p) => p.sku) })),
      payment: one(payment.orderId, (p) => p.status),
    }));
    expect(routes(orders)).toEqual({
      '': 'order.id',
      customer: 'customer.id → order(customerId→id)',
      'lines.product': 'product.id → order(lines.productId→id)',
      payment: 'payment.orderId',
    });
  });

  it('follow references forwards over several hops', () => {
    const shipments = view('shipments', shipment, (s) => ({
      order: one(s.orderId, (o) => ({ customer: one(o.customerId, (c) => c.name) })),
    }));
    expect(routes(shipments)).toEqual({
      '': 'shipment.id',
      order: 'order.id → shipment(orderId→id)',
      'order.customer': 'customer.id → order(customerId→id) → shipment(orderId→id)',
    });
  });

  it('follow references backwards over several hops, and turn round', () => {
    const customers = view('customers', customer, () => ({
      orders: many(order.customerId, { limit: 'unbounded' }, (o) => ({
        id: o.id,
        payment: one(payment.orderId, (p) => p.status),
        lines: many(o.lines, (l) =>
          one(l.productId, (p) => ({ shelf: one(stock.id, (s) => s.shelf), sku: p.sku })),
        ),
      })),
    }));
    expect(routes(customers)).toEqual({
      '': 'customer.id',
      orders: 'order.customerId',
      'orders.payment': 'payment.orderId → order(id→customerId)',
      'orders.lines': 'product.id → order(lines.productId→customerId)',
      // The stock has the product's id: no need to look the product up to get it again.
      'orders.lines.shelf': 'stock.id → order(lines.productId→customerId)',
    });
  });

  it('reach four hops', () => {
    const a = source('a', { id: id(), name: string() });
    const b = source('b', { id: id(), aId: ref(a) });
    const c = source('c', { id: id(), bId: ref(b) });
    const d = source('d', { id: id(), cId: ref(c) });
    const e = source('e', { id: id(), dId: ref(d) });
    const down = view('down', e, (row) => ({
      x: one(row.dId, (four) =>
        one(four.cId, (three) => one(three.bId, (two) => one(two.aId, (one_) => one_.name))),
      ),
    }));
    const up = view('up', a, () => ({
      bs: many(b.aId, { limit: 9 }, () => ({
        cs: many(c.bId, { limit: 9 }, () => ({
          ds: many(d.cId, { limit: 9 }, () => ({ es: many(e.dId, { limit: 9 }, (row) => row.id) })),
        })),
      })),
    }));
    expect(Object.values(routes(down)).at(-1)).toBe('a.id → b(aId→id) → c(bId→id) → d(cId→id) → e(dId→id)');
    expect(Object.values(routes(up)).at(-1)).toBe('e.dId → d(id→cId) → c(id→bId) → b(id→aId)');
  });

  it('go through a source that refers to itself', () => {
    const people = view('people', person, (p) => ({
      boss: one(p.bossId, (boss) => ({ name: boss.name, boss: one(boss.bossId, (above) => above.name) })),
      reports: many(person.bossId, { limit: 9 }, (r) => ({
        name: r.name,
        boss: one(r.bossId, (b) => b.name),
      })),
    }));
    expect(routes(people)).toEqual({
      '': 'person.id',
      boss: 'person.id → person(bossId→id)',
      'boss.boss': 'person.id → person(bossId→id) → person(bossId→id)',
      reports: 'person.bossId',
      // A report's boss is the root itself: what it gives is what it was found by.
      'reports.boss': 'person.id',
    });
  });

  it('use shared keys and arrays of references as they are', () => {
    const products = view('products', product, () => ({ stock: one(stock.id, (s) => s.shelf) }));
    const stocks = view('stocks', stock, (s) => ({ sku: one(s.id, (p) => p.sku) }));
    const tasks = view('tasks', task, (t) => ({ who: many(t.assigneeIds, (p) => p.name) }));
    const load = view('load', person, () => ({
      tasks: many(task.assigneeIds, { limit: 5 }, (t) => t.title),
    }));
    expect(routes(products)).toEqual({ '': 'product.id', stock: 'stock.id' });
    expect(routes(stocks)).toEqual({ '': 'stock.id', sku: 'product.id' });
    expect(routes(tasks)).toEqual({ '': 'task.id', who: 'person.id → task(assigneeIds→id)' });
    expect(routes(load)).toEqual({ '': 'person.id', tasks: 'task.assigneeIds' });
  });

  it('start at the items of a list that a join leads back into, and go on as from their owner', () => {
    const products = view('products', product, () => ({
      lines: count(order.lines.productId),
      latest: many(order.lines.productId, { sort: '-parent.id', limit: 3 }, (l) => ({
        customer: one(l.parent.customerId, (c) => c.name),
        others: many(l.parent.lines, (other) => one(other.productId, (p) => p.sku)),
      })),
    }));
    const stocks = view('stocks', stock, (s) => ({
      product: one(s.id, () => ({ lines: count(order.lines.productId) })),
    }));
    expect(routes(products)).toEqual({
      '': 'product.id',
      lines: 'order.lines.productId',
      latest: 'order.lines.productId',
      'latest.customer': 'customer.id → order(customerId→lines.productId)',
      // The other products of an order: found by one of its lines, each gives the products of all.
      'latest.others': 'product.id → order(lines.productId→lines.productId)',
    });
    expect(routes(stocks)['product.lines']).toBe('order.lines.productId');
  });

  it('give the other keys of an array as well', () => {
    const people = view('people', person, () => ({
      tasks: many(task.assigneeIds, { limit: 5 }, (t) => ({ with: many(t.assigneeIds, (p) => p.name) })),
    }));
    expect(routes(people)['tasks.with']).toBe('person.id → task(assigneeIds→assigneeIds)');
  });

  it('of roll-ups name the columns that they filter and roll up by', () => {
    const products = view('products', product, () => ({
      n: count(order.lines.productId, { where: { parent: { customerId: 'c' } } }),
    }));
    expect(routesOf(compile(products))[1]?.columns).toEqual(['customerId', 'lines']);
  });

  it('go by the column that a reference names instead of the id', () => {
    const offer = source('offer', { id: id(), sku: ref(product, 'sku'), shop: string() });
    const offers = view('offers', offer, (o) => ({ product: one(o.sku, (p) => p.id) }));
    const products = view('products', product, () => ({
      shops: many(offer.sku, { limit: 3 }, (o) => o.shop),
    }));
    expect(routes(offers)['product']).toBe('product.sku → offer(sku→id)');
    expect(routes(products)['shops']).toBe('offer.sku → product(sku→id)');
  });

  it('name the columns that matter: keys, shape, filters, sorts, and names from before', () => {
    const note = source('note', {
      id: id(),
      orderId: ref(order),
      body: was(string(), 'text'),
      at: string(),
      kind: string(),
    });
    const orders = view('orders', order, () => ({
      last: one(note.orderId, { sort: '-at', where: { kind: 'x' } }, (n) => n.body),
    }));
    const [root, last] = routesOf(compile(orders));
    expect(root?.columns).toEqual(['id']);
    expect(last?.columns).toEqual(['at', 'body', 'kind', 'orderId', 'text']);
  });
});
