import { deleted, ViewSpec } from '#views';
import { ann, lamp, order, payment } from '../testing/rows.js';
import { orderSearch } from './order-search.view.js';

const placed = {
  id: 'o1',
  status: 'pending' as const,
  total: 5000,
  discount: 500,
  placedAt: '2026-02-01T10:00:00.000Z',
  customer: {
    id: 'ann',
    name: 'Ann',
    email: 'ann@example.org',
    tier: 'gold' as const,
    city: 'Amsterdam',
    country: 'NL',
  },
  lines: [
    { quantity: 2, unitPrice: 2500, product: { id: 'lamp', sku: 'L-1', name: 'Lamp' } },
    { quantity: 1, unitPrice: 0, product: null },
  ],
  payment: null,
  shipment: null,
  net: 4500,
};

describe('order-search', () => {
  const given = () => ViewSpec.for(orderSearch).given({ customer: [ann], product: [lamp], order: [order] });

  it('joins the customer and the products, with nulls for what is not there yet', () => {
    given().then(placed);
  });

  it('follows a payment, a changed product and a closed account into the document', () => {
    given()
      .when({ payment })
      .marks(['o1'])
      .then({ ...placed, payment: { status: 'due', paidAt: null } })
      .when({ payment: { ...payment, status: 'paid', paidAt: '2026-02-02T08:00:00.000Z' } })
      .then({ ...placed, payment: { status: 'paid', paidAt: '2026-02-02T08:00:00.000Z' } })
      .when({ product: deleted('lamp'), payment: deleted('p1'), customer: deleted('ann') })
      .marks(['o1'])
      .then({ ...placed, customer: null, lines: placed.lines.map((line) => ({ ...line, product: null })) });
  });

  it('is not built again for a change that it does not show', () => {
    given()
      .when({ product: { ...lamp, price: 2600 } })
      .marks([])
      .when({ customer: { ...ann, street: 'Dam 2' } })
      .marks([]);
  });

  it('is gone with its order', () => {
    given()
      .when({ order: deleted('o1') })
      .marks(['o1'])
      .then('o1', null);
  });
});
