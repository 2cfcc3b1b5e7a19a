import type { Envelope } from '#messaging';
import {
  compute,
  facet,
  id,
  instant,
  int,
  list,
  many,
  money,
  nullable,
  one,
  oneOf,
  ref,
  source,
  string,
  text,
  view,
} from '#views';
import { eventOf } from './deliveries.js';
import { newestStates } from './histories.js';
import type { Random } from './random.js';

/**
 * A shop's search over orders, with all that such a view is made of: a reference each way, one in list items, hints and
 * a computed value. It is written here since this lib knows no domain.
 */
const customer = source('customer', { id: id(), name: string(), tier: oneOf('basic', 'gold') });
const product = source('product', { id: id(), sku: string(), name: string() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  status: oneOf('pending', 'confirmed', 'cancelled'),
  total: money('EUR'),
  discount: money('EUR'),
  placedAt: instant(),
  lines: list({ productId: ref(product), quantity: int(), unitPrice: money('EUR') }),
});
const payment = source('payment', {
  id: id(),
  orderId: ref(order, { unique: true }),
  status: oneOf('due', 'paid'),
  paidAt: nullable(instant()),
});
const shipment = source('shipment', {
  id: id(),
  orderId: ref(order, { unique: true }),
  carrier: string(),
  trackingCode: nullable(string()),
});

export const orderBookSources = [customer, product, order, payment, shipment];

export const orderBook = view('order-book', order, { sort: '-placedAt' }, (o) => ({
  status: facet(o.status),
  total: o.total,
  placedAt: o.placedAt,
  customer: one(o.customerId, (c) => ({ id: c.id, name: text(c.name, { weight: 3 }), tier: facet(c.tier) })),
  lines: many(o.lines, (l) => ({
    quantity: l.quantity,
    unitPrice: l.unitPrice,
    product: one(l.productId, (p) => ({ sku: p.sku, name: text(p.name) })),
  })),
  payment: one(payment.orderId, (p) => ({ status: facet(p.status), paidAt: p.paidAt })),
  shipment: one(shipment.orderId, (s) => ({ carrier: facet(s.carrier), trackingCode: s.trackingCode })),
  net: compute(money('EUR'), [o.total, o.discount], (total, discount) => total - discount),
}));

type State = Readonly<Record<string, unknown>>;

/** Every document as text, by nested loops over the newest states: no plan, no copies, no SQL, no assembly. */
export function orderBookDocuments(events: Iterable<Envelope>): ReadonlyMap<string, string> {
  const states = [...newestStates(events).values()].filter(({ deleted }) => !deleted);
  const find = (name: string, column: string, value: unknown): State | undefined =>
    states
      .filter((event) => event.source === name)
      .map((event) => event.data as State)
      .find((state) => state[column] === value);
  const pick = (state: State | undefined, ...columns: readonly string[]): State | null =>
    state === undefined ? null : Object.fromEntries(columns.map((column) => [column, state[column]]));

  const documentOf = (o: State): State => ({
    id: o['id'],
    ...pick(o, 'status', 'total', 'placedAt'),
    customer: pick(find('customer', 'id', o['customerId']), 'id', 'name', 'tier'),
    lines: (o['lines'] as readonly State[]).map((line) => ({
      ...pick(line, 'quantity', 'unitPrice'),
      product: pick(find('product', 'id', line['productId']), 'sku', 'name'),
    })),
    payment: pick(find('payment', 'orderId', o['id']), 'status', 'paidAt'),
    shipment: pick(find('shipment', 'orderId', o['id']), 'carrier', 'trackingCode'),
    net: (o['total'] as number) - (o['discount'] as number),
  });
  const orders = states.filter((event) => event.source === 'order').map((event) => event.data as State);
  return new Map(orders.map((o) => [o['id'] as string, JSON.stringify(documentOf(o))]));
}

/**
 * What happens in the shop, in the order in which it happens: customers, products, orders with what belongs to them;
 * then changes of every kind: renames, other customers, other lines, other orders for a payment, deletions, returns.
 */
export function orderBookHistory(random: Random, changes: number): readonly Envelope[] {
  const versions = new Map<string, number>();
  const event = (name: string, row: string, state: State | null): Envelope => {
    const version = (versions.get(`${name} ${row}`) ?? 0) + 1;
    versions.set(`${name} ${row}`, version);
    return eventOf(name, row, version, state);
  };
  const someOf = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)] as T;
  // Texts that a careless path from message to index would change.
  const name = (): string => `${someOf('Ada', 'Zoë "Z"', '日本 🙂', 'a\\b\t</x>', '')} ${random.below(100)}`;
  // Payments and shipments keep to one order each: which of several belongs to it is nothing that order decides.
  const stateOf: Readonly<Record<string, (row: number) => State>> = {
    customer: () => ({ name: name(), tier: someOf('basic', 'gold') }),
    product: (row) => ({ sku: `sku-${row}`, name: name() }),
    order: () => ({
      customerId: `customer-${random.below(4)}`,
      status: someOf('pending', 'confirmed', 'cancelled'),
      total: random.below(100_000),
      discount: random.below(100),
      placedAt: `2026-01-0${1 + random.below(9)}T10:00:00.000Z`,
      lines: Array.from({ length: random.below(4) }, () => ({
        productId: `product-${random.below(5)}`,
        quantity: 1 + random.below(9),
        unitPrice: random.below(10_000),
      })),
    }),
    payment: (row) => ({
      orderId: `order-${row}`,
      status: someOf('due', 'paid'),
      paidAt: someOf(null, '2026-02-01T00:00:00.000Z'),
    }),
    shipment: (row) => ({
      orderId: `order-${row}`,
      carrier: someOf('Post', 'Rad'),
      trackingCode: someOf(null, name()),
    }),
  };
  const rows = Object.entries({ customer: 4, product: 4, order: 8, payment: 8, shipment: 8 });
  const write = (source: string, row: number): Envelope =>
    event(source, `${source}-${row}`, random.chance(0.15) ? null : (stateOf[source]?.(row) ?? null));
  const first = rows.flatMap(([source, count]) =>
    Array.from({ length: count }, (_, row) => write(source, row)),
  );
  const then = Array.from({ length: changes }, () => {
    const [source, count] = someOf(...rows);
    return write(source, random.below(count));
  });
  return [...first, ...then];
}
