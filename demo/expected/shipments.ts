import type { ShipmentTracking } from '#commerce';
import type { Resource } from '../world.js';
import { customerPart, linesOf, optional, pick, type Rows } from './rows.js';

export function expectedShipments(rows: Rows): Map<string, ShipmentTracking> {
  const documents = new Map<string, ShipmentTracking>();
  for (const shipment of rows.shipments.values()) {
    const order = rows.orders.get(shipment['orderId'] as string);
    const customer = order === undefined ? undefined : rows.customers.get(order['customerId'] as string);
    documents.set(shipment.id, {
      id: shipment.id,
      ...pick(shipment, ['status', 'carrier', 'trackingCode', 'createdAt']),
      order: order === undefined ? null : orderPart(rows, order, customer),
      statusText: statusText(shipment, order, customer),
    } as ShipmentTracking);
  }
  return documents;
}

function orderPart(rows: Rows, order: Resource, customer: Resource | undefined): object {
  let units = 0;
  for (const { quantity } of linesOf(order)) units += quantity;
  return {
    ...pick(order, ['id', 'status', 'placedAt']),
    units,
    customer: customerPart(customer, ['id', 'name', 'city', 'country']),
    lines: linesOf(order).map(({ productId, quantity }) => ({
      quantity,
      product: optional(rows.products.get(productId), ['id', 'sku', 'name']),
    })),
  };
}

function statusText(
  { status, carrier, shippedAt, deliveredAt }: Resource,
  order: Resource | undefined,
  customer: Resource | undefined,
): string {
  const city = (customer?.['address'] as { city: string } | undefined)?.city;
  const to = city === undefined ? '' : ` to ${city}`;
  if (typeof deliveredAt === 'string') return `Delivered${to} on ${deliveredAt.slice(0, 10)}`;
  if (typeof shippedAt === 'string')
    return `On its way${to} with ${String(carrier)} since ${shippedAt.slice(0, 10)}`;
  if (order?.['status'] === 'cancelled') return 'Stopped: the order was cancelled';
  return status === 'created' ? `Waiting for ${String(carrier)}` : `With ${String(carrier)}`;
}
