import { Agent } from 'node:http';
import type { CustomerAnswer, OrderAnswer, PaymentAnswer, ProductAnswer, ShipmentAnswer } from './answers.js';
import { announce, getText, serve } from './http.js';

/**
 * `node composer-main.js <urls as JSON>`: lists orders as the view has them, joined at the time of the request. One call
 * for the page, then one to each other service, all at once, over kept connections and for each id once.
 *
 * `GET /orders?before=…&limit=…` → `{ data }`; with `tier=…`, which only the customers' service knows, pages are fetched
 * until enough orders are found: `{ data, fetched }`.
 */
const urls = JSON.parse(process.argv[2] ?? '{}') as Readonly<Record<string, string>>;
const agent = new Agent({ keepAlive: true });

async function ask<T>(service: string, path: string): Promise<readonly T[]> {
  return JSON.parse(await getText(agent, `${urls[service]}${path}`)) as readonly T[];
}

const pageBefore = (before: string, limit: string): Promise<readonly OrderAnswer[]> =>
  ask('orders', `/orders?before=${encodeURIComponent(before)}&limit=${limit}`);

async function byIds<T>(
  service: string,
  ids: Iterable<string>,
  keyOf: (answer: T) => string,
): Promise<ReadonlyMap<string, T>> {
  const unique = [...new Set(ids)];
  if (unique.length === 0) return new Map();
  const answers = await ask<T>(service, `/by-ids?ids=${unique.join(',')}`);
  return new Map(answers.map((answer) => [keyOf(answer), answer]));
}

const customersOf = (orders: readonly OrderAnswer[]): Promise<ReadonlyMap<string, CustomerAnswer>> =>
  byIds<CustomerAnswer>(
    'customers',
    orders.map(({ customerId }) => customerId),
    ({ id }) => id,
  );

async function compose(orders: readonly OrderAnswer[]): Promise<readonly object[]> {
  const ids = orders.map(({ id }) => id);
  const productIds = orders.flatMap(({ lines }) => lines.map(({ productId }) => productId));
  const [customers, products, payments, shipments] = await Promise.all([
    customersOf(orders),
    byIds<ProductAnswer>('catalog', productIds, ({ id }) => id),
    byIds<PaymentAnswer>('payments', ids, ({ orderId }) => orderId),
    byIds<ShipmentAnswer>('shipping', ids, ({ orderId }) => orderId),
  ]);
  return orders.map(({ customerId, lines, ...order }) => ({
    ...order,
    customer: customers.get(customerId) ?? null,
    lines: lines.map(({ productId, ...line }) => ({ ...line, product: products.get(productId) ?? null })),
    payment: withoutOrder(payments.get(order.id)),
    shipment: withoutOrder(shipments.get(order.id)),
    net: order.total - order.discount,
  }));
}

/** The order's id is for the join only. */
function withoutOrder(joined: { readonly orderId: string } | undefined): object | null {
  if (joined === undefined) return null;
  const { orderId: _, ...rest } = joined;
  return rest;
}

async function ofTier(tier: string, before: string, limit: number): Promise<object> {
  const found: OrderAnswer[] = [];
  let fetched = 0;
  for (let next = before; found.length < limit;) {
    const page = await pageBefore(next, String(limit));
    fetched += page.length;
    const customers = await customersOf(page);
    found.push(...page.filter(({ customerId }) => customers.get(customerId)?.tier === tier));
    const last = page.at(-1);
    if (last === undefined) break;
    next = last.placedAt;
  }
  return { data: await compose(found.slice(0, limit)), fetched };
}

const url = await serve(async ({ searchParams }) => {
  const before = searchParams.get('before') ?? '';
  const limit = searchParams.get('limit') ?? '20';
  const tier = searchParams.get('tier');
  const answer = tier
    ? await ofTier(tier, before, Number(limit))
    : { data: await compose(await pageBefore(before, limit)) };
  return JSON.stringify(answer);
});
announce({ composer: url });
