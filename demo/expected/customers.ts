import type { CustomerOverview } from '#commerce';
import type { Resource } from '../world.js';
import { customerPart, pick, type Rows } from './rows.js';

export function expectedCustomers(rows: Rows): Map<string, CustomerOverview> {
  const documents = new Map<string, CustomerOverview>();
  for (const customer of rows.customers.values()) {
    const orders = [...rows.orders.values()]
      .filter((order) => order['customerId'] === customer.id)
      .sort(newestFirst);
    let spent = 0;
    for (const order of orders) if (order['status'] === 'confirmed') spent += order['total'] as number;
    documents.set(customer.id, {
      id: customer.id,
      ...customerPart(customer, ['name', 'email', 'tier', 'city', 'country', 'registeredAt']),
      orders: orders.length,
      spent,
      lastOrderAt: orders[0]?.['placedAt'] ?? null,
      latest: orders.slice(0, 5).map((order) => ({
        ...pick(order, ['id', 'status', 'total', 'placedAt']),
        payment: rows.paymentOf.get(order.id)?.['status'] ?? null,
      })),
    } as CustomerOverview);
  }
  return documents;
}

/** All instants of the API are spelled alike, so that texts compare as times; two orders of one moment go by id. */
function newestFirst(a: Resource, b: Resource): number {
  const [x, y] = [a['placedAt'] as string, b['placedAt'] as string];
  if (x !== y) return x > y ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
