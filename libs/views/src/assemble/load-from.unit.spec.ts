import {
  compile,
  count,
  id,
  instant,
  int,
  list,
  loadFrom,
  many,
  max,
  one,
  ref,
  source,
  string,
  view,
  was,
} from '../index.js';

const customer = source('customer', { id: id(), name: string() });
const product = source('product', { id: id(), sku: string() });
const order = source('order', {
  id: id(),
  customerId: was(ref(customer), 'buyerId'),
  placedAt: instant(),
  lines: list({ productId: ref(product), quantity: int(), at: instant() }),
});
const row = (key: string, data: Record<string, unknown> = {}) => ({ id: key, data: { id: key, ...data } });

describe('rows loaded from tables', () => {
  it('are those that the keys of the level above ask for, by old names of columns too', () => {
    const declared = view('v', customer, () => ({
      orders: many(order.customerId, { limit: 1 }, (o) => ({
        lines: many(o.lines, (l) => one(l.productId, (p) => p.sku)),
      })),
    }));
    const lines = [{ productId: 'p1' }];
    const mine = [row('o1', { customerId: 'c1', lines }), row('o2', { buyerId: 'c1', lines: [] })];
    const loaded = loadFrom(compile(declared), ['c1', 'c9'], {
      customer: [row('c1'), row('c2')],
      order: [...mine, row('o3', { customerId: 'c2', lines: [{ productId: 'p2' }] })],
      product: [row('p1'), row('p2')],
    });
    expect([...loaded]).toEqual([
      ['', [row('c1')]],
      ['orders', mine],
      ['orders.lines', [row('p1')]],
    ]);
  });

  it('are one for each key where the level is rolled up, and none for a key without rows', () => {
    const declared = view('v', customer, () => ({ n: count(order.customerId) }));
    const orders = [row('o1', { customerId: 'c1' }), row('o2', { customerId: 'c1' })];
    const loaded = loadFrom(compile(declared), ['c1', 'c2'], {
      customer: [row('c1'), row('c2')],
      order: [...orders, row('o3', { customerId: 'c3' })],
    });
    expect(loaded.get('n')).toEqual([{ id: 'c1', data: { value: 2 } }]);
  });

  it('roll up one instant written in two ways to the first row’s spelling, by id and then by position', () => {
    const [utc, paris, tokyo] = [
      '2026-01-01T12:00:00Z',
      '2026-01-01T13:00:00+01:00',
      '2026-01-01T21:00:00+09:00',
    ];
    const rows = {
      customer: [row('c')],
      product: [row('p')],
      order: [
        row('b', { customerId: 'c', placedAt: utc, lines: [] }),
        row('a', {
          customerId: 'c',
          placedAt: paris,
          lines: [
            { productId: 'p', at: tokyo },
            { productId: 'p', at: utc },
          ],
        }),
      ],
    };
    const lastOrder = view('v', customer, () => ({ at: max(order.customerId, (o) => o.placedAt) }));
    const lastLine = view('w', product, () => ({ at: max(order.lines.productId, (l) => l.at) }));
    expect(loadFrom(compile(lastOrder), ['c'], rows).get('at')?.[0]?.data).toEqual({ value: paris });
    expect(loadFrom(compile(lastLine), ['p'], rows).get('at')?.[0]?.data).toEqual({ value: tokyo });
  });
});
