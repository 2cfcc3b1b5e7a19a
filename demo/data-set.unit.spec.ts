import { makeDataSet } from './data-set.js';

const size = { customers: 50, products: 30, orders: 400 };

describe('the data set of the demo', () => {
  it('is the same for the same size and seed', () => {
    expect(makeDataSet(size, 3)).toEqual(makeDataSet(size, 3));
    expect(makeDataSet(size, 3)).not.toEqual(makeDataSet(size, 4));
  });

  it('has every kind of life that an order can have', () => {
    const lives = new Set(
      makeDataSet(size).trade.map((chain) =>
        chain.map(({ path }) => path.replace(/^\/(\w+)(?:\/[^/]+)?/, '$1')).join(' '),
      ),
    );
    expect([...lives].sort()).toEqual([
      'orders',
      'orders orders/cancellation',
      'orders orders/confirmation payments',
      'orders orders/confirmation payments payments/capture payments/refund',
      'orders orders/confirmation payments payments/capture shipments',
      'orders orders/confirmation payments payments/capture shipments shipments/dispatch',
      'orders orders/confirmation payments payments/capture shipments shipments/dispatch shipments/delivery',
    ]);
  });

  it('renames, reprices, promotes, closes and discontinues', () => {
    const kinds = new Set(
      makeDataSet({ customers: 500, products: 300, orders: 1 })
        .changes.flat()
        .map(({ method, path, body }) => [method, path.split('/')[1], ...Object.keys(body ?? {})].join(' ')),
    );
    expect([...kinds].sort()).toEqual([
      'DELETE customers',
      'DELETE products',
      'PATCH customers name',
      'PATCH products name',
      'PATCH products price',
      'PUT customers tier',
    ]);
  });

  it('never discounts an order below nothing, and has one to five lines in each', () => {
    for (const [place] of makeDataSet(size).trade) {
      const { lines, discount } = place?.body as {
        lines: { quantity: number; unitPrice: number }[];
        discount: number;
      };
      expect(lines.length).toBeGreaterThanOrEqual(1);
      expect(lines.length).toBeLessThanOrEqual(5);
      const total = lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
      expect(discount).toBeLessThan(total);
    }
  });
});
