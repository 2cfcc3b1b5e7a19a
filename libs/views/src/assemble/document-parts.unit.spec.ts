import {
  array,
  assemble,
  compile,
  compute,
  computesOf,
  count,
  documentParts,
  id,
  int,
  list,
  loadFrom,
  many,
  one,
  ref,
  source,
  string,
  view,
  type LoadedRow,
} from '../index.js';

const tag = source('tag', { id: id(), name: string() });
const customer = source('customer', { id: id(), name: string() });
const product = source('product', { id: id(), sku: string(), tagIds: array(ref(tag)) });
const order = source('order', {
  id: id(),
  open: int(),
  customerId: ref(customer),
  lines: list({ productId: ref(product), units: int() }),
});
const payment = source('payment', { id: id(), orderId: ref(order, { unique: true }) });

const orders = view('orders', order, { where: { open: 1 } }, (o) => ({
  customer: one(o.customerId, (c) => ({ name: c.name, orders: count(order.customerId) })),
  lines: many(o.lines, { where: { units: { gt: 0 } } }, (l) => ({
    product: one(l.productId, { required: true }, (p) => ({
      sku: p.sku,
      tags: many(p.tagIds, (t) => t.name),
    })),
  })),
  payment: one(payment.orderId, (p) => p.id),
  loud: compute(string(), [one(o.customerId, (c) => c.name)], (name) => `${name}!`),
}));
const paid = view('paid', order, () => ({
  payment: one(payment.orderId, { required: true }, (p) => p.id),
}));

const row = (rowId: string, data: Readonly<Record<string, unknown>>): LoadedRow => ({
  id: rowId,
  data: { ...data, id: rowId },
});
const tables = {
  tag: [row('t1', { name: 'red' }), row('t2', { name: 'big' })],
  customer: [row('c1', { name: 'Ann' })],
  product: [row('p1', { sku: 's1', tagIds: ['t2', 't1', 't9'] })],
  order: [
    row('o1', {
      open: 1,
      customerId: 'c1',
      lines: [
        { productId: 'p1', units: 0 },
        { productId: 'p8', units: 1 },
        { productId: 'p1', units: 2 },
      ],
    }),
    row('o2', { open: 0, customerId: 'c1', lines: [] }),
    row('o3', { open: 1, customerId: 'c7', lines: [] }),
  ],
};
const partsOf = (of: typeof orders | typeof paid, rootId: string) => {
  const plan = compile(of);
  return documentParts(plan, rootId, loadFrom(plan, [rootId], tables));
};
const shown = (of: typeof orders, rootId: string) =>
  partsOf(of, rootId).parts.map(({ path, source: from, id: rowId, keys }) => [
    path,
    from,
    rowId,
    keys.join(' '),
  ]);

describe('the parts of a document', () => {
  it('are the rows that it is made from, each where it stands, with what joins led to nothing', () => {
    expect(shown(orders, 'o1')).toEqual([
      ['', 'order', 'o1', 'o1'],
      ['customer', 'customer', 'c1', 'c1'],
      ['customer.orders', 'order', null, 'c1'],
      ['lines[0].product', 'product', 'p1', 'p1'],
      ['lines[0].product.tags[]', 'tag', 't2', 't2 t1 t9'],
      ['lines[0].product.tags[]', 'tag', 't1', 't2 t1 t9'],
      ['payment', 'payment', null, 'o1'],
      ['loud', 'customer', 'c1', 'c1'],
    ]);
    expect(partsOf(orders, 'o1').absent).toBeNull();
    const plan = compile(orders);
    const [made] = assemble(plan, ['o1'], loadFrom(plan, ['o1'], tables), computesOf(orders));
    expect(made).toMatchObject({ document: { lines: [{ product: { sku: 's1', tags: ['big', 'red'] } }] } });
  });

  it('name the key that led to no row', () => {
    expect(shown(orders, 'o3')).toContainEqual(['customer', 'customer', null, 'c7']);
  });

  it('say why there is no document', () => {
    expect(partsOf(orders, 'o9')).toEqual({ parts: [], absent: 'no_row' });
    expect(partsOf(orders, 'o2').absent).toBe('filtered');
    expect(partsOf(paid, 'o1').absent).toMatchObject({ path: 'payment', source: 'payment', keys: ['o1'] });
  });
});
