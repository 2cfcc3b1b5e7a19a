import { bool, id, instant, int, list, money, nullable, oneOf, ref, source, string } from '#views';

/** What each service publishes. Money is in euro cents. */
export const customer = source(
  'customer',
  {
    id: id(),
    name: string(),
    email: string(),
    tier: oneOf('basic', 'silver', 'gold'),
    street: string(),
    postalCode: string(),
    city: string(),
    country: string(),
    registeredAt: instant(),
  },
  { owner: 'customers' },
);

export const product = source(
  'product',
  {
    id: id(),
    sku: string(),
    name: string(),
    price: money('EUR'),
    discontinued: bool(),
  },
  { owner: 'catalog' },
);

/** Shares the product's id: one row of stock for each product. */
export const stock = source('stock', { id: id(ref(product)), onHand: int() }, { owner: 'catalog' });

export const order = source(
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

export const payment = source(
  'payment',
  {
    id: id(),
    orderId: ref(order, { unique: true }),
    status: oneOf('due', 'paid', 'refunded'),
    amount: money('EUR'),
    paidAt: nullable(instant()),
    refundedAt: nullable(instant()),
  },
  { owner: 'payments' },
);

export const shipment = source(
  'shipment',
  {
    id: id(),
    orderId: ref(order, { unique: true }),
    status: oneOf('created', 'shipped', 'delivered'),
    carrier: string(),
    trackingCode: nullable(string()),
    createdAt: instant(),
    shippedAt: nullable(instant()),
    deliveredAt: nullable(instant()),
  },
  { owner: 'shipping' },
);
