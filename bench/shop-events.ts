import { newId } from '#kernel';
import { encodeEnvelope, type OutgoingMessage } from '#messaging';
import { seededId } from '#projection/testing';

/** An event of the example domain as its service would publish it. */
function event(
  name: string,
  source: string,
  version: number,
  state: Readonly<Record<string, unknown>> & { readonly id: string },
): OutgoingMessage {
  const id = newId();
  const body = encodeEnvelope({
    id,
    name,
    source,
    aggregateId: state.id,
    epoch: 0,
    version,
    deleted: false,
    occurredAt: new Date().toISOString(),
    traceparent: null,
    data: state,
  });
  return { id, routingKey: `${source}.${name}`, body };
}

export function productRenamed(id: string, version: number, name: string): OutgoingMessage {
  const state = { id, sku: 'STORM', name, price: 1_000, discontinued: false };
  return event('ProductRenamed', 'product', version, state);
}

/** The state of an order with two lines: one of the product, one of another. */
export function orderOf(
  id: string,
  customerId: string,
  productId: string,
): Readonly<Record<string, unknown>> & { readonly id: string } {
  const line = { quantity: 1, unitPrice: 1_000 };
  return {
    id,
    customerId,
    status: 'pending',
    total: 2_000,
    discount: 0,
    placedAt: new Date().toISOString(),
    lines: [
      { productId, ...line },
      { productId: 'other', ...line },
    ],
  };
}

/** The state of an order whose customer and products were seeded (seedOrders): one to three lines. */
export function seededOrder(
  id: string,
  n: number,
  total: number,
): Readonly<Record<string, unknown>> & { readonly id: string } {
  return {
    id,
    customerId: seededId('customer', 1 + (n % seededCustomers)),
    status: 'pending',
    total,
    discount: 0,
    placedAt: '2026-01-01T00:00:00.000Z',
    lines: Array.from({ length: 1 + (n % 3) }, (_, line) => ({
      productId: seededId('product', 1 + ((n * 7 + line) % seededProducts)),
      quantity: 1 + line,
      unitPrice: 1_000,
    })),
  };
}

export const seededCustomers = 1_000;
export const seededProducts = 200;

/** A customer whom seedOrders made, with another name. */
export function customerRenamed(n: number, version: number, name: string): OutgoingMessage {
  return event('CustomerProfileChanged', 'customer', version, {
    id: seededId('customer', n),
    name,
    email: `c${n}@example.org`,
    tier: 'gold',
    street: 'Dam 1',
    postalCode: '1012 JS',
    city: 'Amsterdam',
    country: 'NL',
    registeredAt: '2025-06-01T08:00:00.000Z',
  });
}

export function orderChanged(
  state: Readonly<Record<string, unknown>> & { readonly id: string },
  version: number,
): OutgoingMessage {
  return event('OrderChanged', 'order', version, state);
}

export function orderPlaced(
  state: Readonly<Record<string, unknown>> & { readonly id: string },
): OutgoingMessage {
  return event('OrderPlaced', 'order', 1, state);
}
