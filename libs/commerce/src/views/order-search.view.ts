import { compute, facet, many, money, one, text, view, type DocumentOf } from '#views';
import { order, payment, shipment } from '../sources.js';

/** An order with all that a shop's staff looks for: who, what, paid, sent. */
export const orderSearch = view('order-search', order, { sort: '-placedAt' }, (o) => ({
  status: facet(o.status),
  total: o.total,
  discount: o.discount,
  placedAt: o.placedAt,
  customer: one(o.customerId, (c) => ({
    id: c.id,
    name: text(c.name, { weight: 3 }),
    email: c.email,
    tier: facet(c.tier),
    city: facet(c.city),
    country: facet(c.country),
  })),
  lines: many(o.lines, (l) => ({
    quantity: l.quantity,
    unitPrice: l.unitPrice,
    product: one(l.productId, (p) => ({ id: p.id, sku: p.sku, name: text(p.name) })),
  })),
  payment: one(payment.orderId, (p) => ({ status: facet(p.status), paidAt: p.paidAt })),
  shipment: one(shipment.orderId, (s) => ({
    status: facet(s.status),
    carrier: facet(s.carrier),
    trackingCode: s.trackingCode,
    shippedAt: s.shippedAt,
    deliveredAt: s.deliveredAt,
  })),
  net: compute(money('EUR'), [o.total, o.discount], (total, discount) => total - discount),
}));

export type OrderSearch = DocumentOf<typeof orderSearch>;
