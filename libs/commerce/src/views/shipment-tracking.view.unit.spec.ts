import { deleted, ViewSpec } from '#views';
import { ann, lamp, order, shipment } from '../testing/rows.js';
import { shipmentTracking } from './shipment-tracking.view.js';

const orderPart = {
  id: 'o1',
  status: 'pending' as const,
  placedAt: '2026-02-01T10:00:00.000Z',
  units: 3,
  customer: { id: 'ann', name: 'Ann', city: 'Amsterdam', country: 'NL' },
  lines: [
    { quantity: 2, product: { id: 'lamp', sku: 'L-1', name: 'Lamp' } },
    { quantity: 1, product: null },
  ],
};
const shown = {
  id: 's1',
  status: 'created' as const,
  carrier: 'PostNL',
  trackingCode: null,
  createdAt: '2026-02-02T09:00:00.000Z',
  order: orderPart,
  statusText: 'Waiting for PostNL',
};

describe('shipment-tracking', () => {
  const given = () =>
    ViewSpec.for(shipmentTracking).given({
      customer: [ann],
      product: [lamp],
      order: [order],
      shipment: [shipment],
    });

  it('joins the order, its customer, its lines and their products', () => {
    given().then(shown);
  });

  it('says in words where the shipment is', () => {
    const shipped = { ...shipment, status: 'shipped', shippedAt: '2026-02-03T08:00:00.000Z' } as const;
    given()
      .when({ shipment: shipped })
      .then({
        ...shown,
        status: 'shipped',
        statusText: 'On its way to Amsterdam with PostNL since 2026-02-03',
      })
      .when({ shipment: { ...shipped, status: 'delivered', deliveredAt: '2026-02-04T08:00:00.000Z' } })
      .then({ ...shown, status: 'delivered', statusText: 'Delivered to Amsterdam on 2026-02-04' });
  });

  it('is reached from four hops away: a product, the customer, the order', () => {
    given()
      .when({ product: { ...lamp, name: 'Lantern' } })
      .marks(['s1'])
      .when({ customer: { ...ann, city: 'Utrecht' } })
      .marks(['s1'])
      .when({ order: { ...order, status: 'cancelled' } })
      .marks(['s1'])
      .then({
        ...shown,
        order: {
          ...orderPart,
          status: 'cancelled',
          customer: { ...orderPart.customer, city: 'Utrecht' },
          lines: [
            { quantity: 2, product: { id: 'lamp', sku: 'L-1', name: 'Lantern' } },
            { quantity: 1, product: null },
          ],
        },
        statusText: 'Stopped: the order was cancelled',
      });
  });

  it('stands without its order, and knows no city then', () => {
    given()
      .when({ order: deleted('o1') })
      .marks(['s1'])
      .then({ ...shown, order: null });
  });
});
