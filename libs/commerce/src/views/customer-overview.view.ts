import { count, facet, many, max, one, sum, text, view, type DocumentOf } from '#views';
import { customer, order, payment } from '../sources.js';

/** A customer with what was ordered: how often, for how much, when last, and the latest five orders. */
export const customerOverview = view('customer-overview', customer, { sort: 'name' }, (c) => ({
  name: text(c.name, { weight: 3 }),
  email: c.email,
  tier: facet(c.tier),
  city: facet(c.city),
  country: facet(c.country),
  registeredAt: c.registeredAt,
  orders: count(order.customerId),
  spent: sum(order.customerId, (o) => o.total, { where: { status: 'confirmed' } }),
  lastOrderAt: max(order.customerId, (o) => o.placedAt),
  latest: many(order.customerId, { sort: '-placedAt', limit: 5 }, (o) => ({
    id: o.id,
    status: o.status,
    total: o.total,
    placedAt: o.placedAt,
    payment: one(payment.orderId, (p) => p.status),
  })),
}));

export type CustomerOverview = DocumentOf<typeof customerOverview>;
