import type { OrderSearch } from '#commerce';
import type { Resource, World } from './world.js';

/**
 * The order-search documents that follow from what the command API answered: nested loops over plain objects, written
 * without the engine, so that it can bear witness against it.
 */
export function expectedOrders({ resources }: World): Map<string, OrderSearch> {
  const rows = (name: 'customers' | 'products' | 'payments' | 'shipments' | 'orders') =>
    resources.get(name) ?? new Map<string, Resource>();
  const byOrder = (name: 'payments' | 'shipments') =>
    new Map([...rows(name).values()].map((row) => [row['orderId'] as string, row]));
  const payments = byOrder('payments');
  const shipments = byOrder('shipments');

  const documents = new Map<string, OrderSearch>();
  for (const order of rows('orders').values()) {
    const total = order['total'] as number;
    const discount = order['discount'] as number;
    documents.set(order.id, {
      id: order.id,
      ...pick(order, ['status', 'total', 'discount', 'placedAt']),
      customer: customerPart(rows('customers').get(order['customerId'] as string)),
      lines: (order['lines'] as Line[]).map(({ productId, quantity, unitPrice }) => ({
        quantity,
        unitPrice,
        product: optional(rows('products').get(productId), ['id', 'sku', 'name']),
      })),
      payment: optional(payments.get(order.id), ['status', 'paidAt']),
      shipment: optional(shipments.get(order.id), [
        'status',
        'carrier',
        'trackingCode',
        'shippedAt',
        'deliveredAt',
      ]),
      net: total - discount,
    } as OrderSearch);
  }
  return documents;
}

interface Line {
  readonly productId: string;
  readonly quantity: number;
  readonly unitPrice: number;
}

function customerPart(customer: Resource | undefined): object | null {
  if (customer === undefined) return null;
  const address = customer['address'] as Resource;
  return { ...pick(customer, ['id', 'name', 'email', 'tier']), ...pick(address, ['city', 'country']) };
}

function optional(row: Resource | undefined, names: readonly string[]): object | null {
  return row === undefined ? null : pick(row, names);
}

function pick(row: Readonly<Record<string, unknown>>, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}
