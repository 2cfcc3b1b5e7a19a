/** Documents as the projector writes them for order-search. */
export interface OrderDocument {
  readonly id: string;
  readonly [field: string]: unknown;
}

export function orderDocument(id: string, parts: Readonly<Record<string, unknown>> = {}): OrderDocument {
  return {
    id,
    status: 'pending',
    total: 1000,
    discount: 0,
    placedAt: '2026-05-15T12:00:00.000Z',
    customer: {
      id: 'c1',
      name: 'Anna Schmidt',
      email: 'anna@shop.example',
      tier: 'gold',
      city: 'Berlin',
      country: 'DE',
    },
    lines: [],
    payment: null,
    shipment: null,
    net: 1000,
    ...parts,
  };
}

export function line(sku: string, quantity: number, name = `Product ${sku}`): object {
  return { quantity, unitPrice: 100, product: { id: `p-${sku}`, sku, name } };
}
