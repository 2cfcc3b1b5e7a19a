import { compileText } from '../testing/compiler.js';

const sources = `
import {
  array, bool, compute, constant, count, facet, id, instant, int, list, many, max, money, nullable, one, oneOf, orElse,
  ref, self, source, string, sum, text, view, type DocumentOf,
} from '../index.js';

const region = source('region', { id: id(), name: string(), parentId: nullable(self()) });
const customer = source('customer', {
  id: id(), name: string(), tier: oneOf('basic', 'silver', 'gold'), regionId: ref(region), since: instant(),
});
const supplier = source('supplier', { id: id(), name: string(), regionId: ref(region) });
const product = source('product', {
  id: id(), sku: string(), name: string(), price: money('EUR'), supplierId: ref(supplier), labels: array(string()),
});
const order = source('order', {
  id: id(), customerId: ref(customer), status: oneOf('pending', 'confirmed', 'cancelled'), total: money('EUR'),
  discount: money('EUR'), placedAt: instant(), note: nullable(string()),
  lines: list({ productId: ref(product), quantity: int(), unitPrice: money('EUR') }),
});
const payment = source('payment', {
  id: id(), orderId: ref(order, { unique: true }), status: oneOf('due', 'paid'), paidAt: nullable(instant()), late: bool(),
});
`;

/** A view whose joins are four levels deep, with its document used: as much as the largest of real views. */
const viewNumber = (n: number): string => `
export const view${n} = view('view-${n}', region, { where: { name: { prefix: '${n}' } }, sort: 'name' }, (r) => ({
  name: text(r.name, { weight: ${(n % 5) + 1} }),
  above: one(r.parentId, (p) => ({ name: p.name, above: one(p.parentId, (q) => q.name) })),
  customers: many(customer.regionId, { where: { tier: ['gold', 'silver'] }, sort: '-since', limit: ${n + 1} }, (c) => ({
    name: text(c.name),
    tier: facet(c.tier),
    orders: count(order.customerId),
    spent: sum(order.customerId, (o) => o.total, { where: { status: 'confirmed' } }),
    latest: many(order.customerId, { where: { not: { status: 'cancelled' } }, sort: ['-placedAt', 'id'], limit: 5 }, (o) => ({
      id: o.id,
      total: o.total,
      net: compute(money('EUR'), [o.total, o.discount], (total, discount) => total - discount - ${n}),
      payment: one(payment.orderId, (p) => ({ status: facet(p.status), paidAt: p.paidAt })),
      lines: many(o.lines, { where: { quantity: { gte: ${n} } } }, (l) => ({
        quantity: l.quantity,
        product: one(l.productId, { required: true }, (p) => ({
          name: text(p.name),
          labels: p.labels,
          supplier: orElse(one(p.supplierId, (s) => s.name), 'none'),
          lastAt: max(order.lines.productId, (other) => other.parent.placedAt),
        })),
      })),
    })),
  })),
  kind: constant('region'),
}));
export const name${n}: DocumentOf<typeof view${n}>['customers'][number]['latest'][number]['lines'][number]['product']['supplier'] =
  '${n}';
`;

const allowed = 5000;

/** Other work on the machine makes even processor time longer, so a bad measure is taken again; the best one counts. */
function bestCheck(text: string): ReturnType<typeof compileText> {
  const file = new URL('many-views.ts', import.meta.url);
  let best = compileText(file, text);
  for (let again = 0; again < 2 && best.checkedIn >= allowed; again++) {
    const next = compileText(file, text);
    if (next.checkedIn < best.checkedIn) best = next;
  }
  return best;
}

describe('the types of views', () => {
  it('are checked in less than 5 s of processor time for 60 views of four levels', () => {
    const text = sources + Array.from({ length: 60 }, (_, n) => viewNumber(n)).join('');
    const { errors, checkedIn } = bestCheck(text);
    expect([...errors]).toEqual([]);
    process.stdout.write(
      `60 views of four levels: checked in ${Math.round(checkedIn)} ms of processor time\n`,
    );
    expect(checkedIn).toBeLessThan(allowed);
  }, 300_000);
});
