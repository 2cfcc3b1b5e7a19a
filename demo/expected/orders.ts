import type { OrderSearch } from '#commerce';
import { customerPart, linesOf, optional, pick, type Rows } from './rows.js';

export function expectedOrders(rows: Rows): Map<string, OrderSearch> {
  const documents = new Map<string, OrderSearch>();
  for (const order of rows.orders.values()) {
    const total = order['total'] as number;
    const discount = order['discount'] as number;
    const customer = rows.customers.get(order['customerId'] as string);
    documents.set(order.id, {
      id: order.id,
      ...pick(order, ['status', 'total', 'discount', 'placedAt']),
      customer: customerPart(customer, ['id', 'name', 'email', 'tier', 'city', 'country']),
      lines: linesOf(order).map(({ productId, quantity, unitPrice }) => ({
        quantity,
        unitPrice,
        product: optional(rows.products.get(productId), ['id', 'sku', 'name']),
      })),
      payment: optional(rows.paymentOf.get(order.id), ['status', 'paidAt']),
      shipment: optional(rows.shipmentOf.get(order.id), [
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
