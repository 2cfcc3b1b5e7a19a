import { deleted, ViewSpec } from '#views';
import { ann, order, payment } from '../testing/rows.js';
import { customerOverview } from './customer-overview.view.js';

const shown = {
  id: 'ann',
  name: 'Ann',
  email: 'ann@example.org',
  tier: 'gold',
  city: 'Amsterdam',
  country: 'NL',
  registeredAt: '2026-01-05T09:00:00.000Z',
} as const;
const nothing = { orders: 0, spent: 0, lastOrderAt: null, latest: [] };
const orderAt = (id: string, placedAt: string, more: object = {}) => ({ ...order, id, placedAt, ...more });
const latest = (id: string, placedAt: string) => ({
  id,
  status: 'pending' as const,
  total: 5000,
  placedAt,
  payment: null,
});

describe('customer-overview', () => {
  it('counts nothing where nothing was ordered', () => {
    ViewSpec.for(customerOverview)
      .given({ customer: [ann] })
      .then({ ...shown, ...nothing });
  });

  it('shows the latest five orders, newest first, and counts all', () => {
    const days = [1, 2, 3, 4, 5, 6].map((day) => `2026-02-0${day}T10:00:00.000Z`);
    ViewSpec.for(customerOverview)
      .given({ customer: [ann], order: days.map((day, i) => orderAt(`o${i + 1}`, day)) })
      .then({
        ...shown,
        orders: 6,
        spent: 0,
        lastOrderAt: '2026-02-06T10:00:00.000Z',
        latest: days
          .map((day, i) => latest(`o${i + 1}`, day))
          .reverse()
          .slice(0, 5),
      });
  });

  it('follows an order that is confirmed, paid, moved to another customer and deleted', () => {
    const bob = { ...ann, id: 'bob' };
    const shownOrder = { ...latest('o1', order.placedAt), status: 'confirmed' as const };
    const counted = { orders: 1, spent: 5000, lastOrderAt: order.placedAt };
    ViewSpec.for(customerOverview)
      .given({ customer: [ann, bob], order: [order] })
      .when({ order: { ...order, status: 'confirmed' } })
      .marks(['ann'])
      .then('ann', { ...shown, ...counted, latest: [shownOrder] })
      .when({ payment: { ...payment, status: 'paid' } })
      .marks(['ann'])
      .then('ann', { ...shown, ...counted, latest: [{ ...shownOrder, payment: 'paid' }] })
      .when({ order: { ...order, status: 'confirmed', customerId: 'bob' } })
      .marks(['ann', 'bob'])
      .then('ann', { ...shown, ...nothing })
      .and('bob', { ...shown, id: 'bob', ...counted, latest: [{ ...shownOrder, payment: 'paid' }] })
      .when({ order: deleted('o1') })
      .marks(['bob'])
      .then('bob', { ...shown, id: 'bob', ...nothing });
  });

  it('is not built again for a discount, which it does not show', () => {
    ViewSpec.for(customerOverview)
      .given({ customer: [ann], order: [order] })
      .when({ order: { ...order, discount: 0 } })
      .marks([]);
  });
});
