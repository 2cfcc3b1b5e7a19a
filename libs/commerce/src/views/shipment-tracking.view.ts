import { compute, facet, many, one, string, sum, text, view, type DocumentOf } from '#views';
import { shipment } from '../sources.js';

/** A shipment as its receiver asks for it: what is in it, for whom, and in words where it is. */
export const shipmentTracking = view('shipment-tracking', shipment, { sort: '-createdAt' }, (s) => ({
  status: facet(s.status),
  carrier: facet(s.carrier),
  trackingCode: s.trackingCode,
  createdAt: s.createdAt,
  order: one(s.orderId, (o) => ({
    id: o.id,
    status: facet(o.status),
    placedAt: o.placedAt,
    units: sum(o.lines, (l) => l.quantity),
    customer: one(o.customerId, (c) => ({
      id: c.id,
      name: text(c.name, { weight: 3 }),
      city: facet(c.city),
      country: facet(c.country),
    })),
    lines: many(o.lines, (l) => ({
      quantity: l.quantity,
      product: one(l.productId, (p) => ({ id: p.id, sku: p.sku, name: text(p.name) })),
    })),
  })),
  statusText: compute(
    string(),
    [
      s.status,
      s.carrier,
      s.shippedAt,
      s.deliveredAt,
      one(s.orderId, (o) => o.status),
      one(s.orderId, (o) => one(o.customerId, (c) => c.city)),
    ],
    (status, carrier, shippedAt, deliveredAt, orderStatus, city) => {
      const to = city === null ? '' : ` to ${city}`;
      if (deliveredAt !== null) return `Delivered${to} on ${deliveredAt.slice(0, 10)}`;
      if (shippedAt !== null) return `On its way${to} with ${carrier} since ${shippedAt.slice(0, 10)}`;
      if (orderStatus === 'cancelled') return 'Stopped: the order was cancelled';
      return status === 'created' ? `Waiting for ${carrier}` : `With ${carrier}`;
    },
  ),
}));

export type ShipmentTracking = DocumentOf<typeof shipmentTracking>;
