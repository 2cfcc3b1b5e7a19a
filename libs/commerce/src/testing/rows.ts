/** One row of each source, which belong together; specs change what they are about. */
export const ann = {
  id: 'ann',
  name: 'Ann',
  email: 'ann@example.org',
  tier: 'gold',
  street: 'Dam 1',
  postalCode: '1012 JS',
  city: 'Amsterdam',
  country: 'NL',
  registeredAt: '2026-01-05T09:00:00.000Z',
} as const;
export const lamp = { id: 'lamp', sku: 'L-1', name: 'Lamp', price: 2500, discontinued: false } as const;
export const order = {
  id: 'o1',
  customerId: 'ann',
  status: 'pending',
  total: 5000,
  discount: 500,
  placedAt: '2026-02-01T10:00:00.000Z',
  lines: [
    { productId: 'lamp', quantity: 2, unitPrice: 2500 },
    { productId: 'gone', quantity: 1, unitPrice: 0 },
  ],
} as const;
export const payment = {
  id: 'p1',
  orderId: 'o1',
  status: 'due',
  amount: 4500,
  paidAt: null,
  refundedAt: null,
} as const;
export const shipment = {
  id: 's1',
  orderId: 'o1',
  status: 'created',
  carrier: 'PostNL',
  trackingCode: null,
  createdAt: '2026-02-02T09:00:00.000Z',
  shippedAt: null,
  deliveredAt: null,
} as const;
