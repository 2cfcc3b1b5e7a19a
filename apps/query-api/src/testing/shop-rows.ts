import type { Row } from './shop.js';

const row = (source: string, id: string, data: Row['data']): Row => ({ source, id, data });

const customer = (id: string, name: string, tier: string, city: string): Row =>
  row('customer', id, {
    name,
    tier,
    city,
    email: `${id}@shop.example`,
    street: 'Canal 1',
    postalCode: '1011 AA',
    country: 'NL',
    registeredAt: '2026-01-01T00:00:00.000Z',
  });

const product = (id: string, sku: string, name: string): Row =>
  row('product', id, { sku, name, price: 100, discontinued: false });

const payment = (orderId: string, status: string, paidAt: string | null): Row =>
  row('payment', `p-${orderId}`, { orderId, status, amount: 100, paidAt, refundedAt: null });

interface Placed {
  readonly customerId: string;
  readonly status: string;
  readonly total: number;
  readonly placedAt: string;
  readonly lines: readonly { readonly productId: string; readonly quantity: number }[];
}

export const order = (id: string, { lines, ...placed }: Placed): Row =>
  row('order', id, { ...placed, discount: 0, lines: lines.map((line) => ({ ...line, unitPrice: 100 })) });

/** Small, paid and of the winter, so that most questions find other orders. */
const winter = Array.from({ length: 60 }, (_, at) => `w${String(at + 1).padStart(2, '0')}`);

/** What the examples of docs/query-api.md are asked of. */
export const shopRows: readonly Row[] = [
  customer('anna', 'Anna Jansen', 'gold', 'Amsterdam'),
  customer('ben', 'Ben Andrews', 'basic', 'Utrecht'),
  product('lamp', 'A', 'Blue lamp'),
  product('offer', 'B', 'Blue lamp, sale'),
  product('chair', 'C', 'Red chair'),
  order('o1', {
    customerId: 'anna',
    status: 'pending',
    total: 1_000,
    placedAt: '2026-05-01T10:00:00.000Z',
    lines: [
      { productId: 'lamp', quantity: 1 },
      { productId: 'chair', quantity: 5 },
    ],
  }),
  // The last of May in Amsterdam, and half an hour later the first of June.
  order('o2', {
    customerId: 'ben',
    status: 'confirmed',
    total: 2_500,
    placedAt: '2026-05-31T21:45:00.000Z',
    lines: [{ productId: 'lamp', quantity: 2 }],
  }),
  order('o3', {
    customerId: 'anna',
    status: 'confirmed',
    total: 4_900,
    placedAt: '2026-05-31T22:15:00.000Z',
    lines: [{ productId: 'offer', quantity: 1 }],
  }),
  order('o4', {
    customerId: 'ben',
    status: 'cancelled',
    total: 9_000,
    placedAt: new Date(Date.now() - 86_400_000).toISOString(),
    lines: [],
  }),
  payment('o1', 'paid', '2026-05-02T10:00:00.000Z'),
  payment('o2', 'due', null),
  ...winter.flatMap((id, at) => [
    order(id, {
      customerId: 'anna',
      status: 'confirmed',
      total: 500,
      placedAt: new Date(Date.UTC(2026, at < 40 ? 0 : 1, 1 + (at % 20), 12)).toISOString(),
      lines: [{ productId: 'chair', quantity: 1 }],
    }),
    payment(id, 'paid', '2026-02-25T10:00:00.000Z'),
  ]),
];
