import { newId } from '#kernel';
import { encodeEnvelope, type OutgoingMessage } from '#messaging';

/** An event of the example domain as its service would publish it. */
function event(
  name: string,
  source: string,
  version: number,
  state: { readonly id: string },
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

export function orderPlaced(state: { readonly id: string }): OutgoingMessage {
  return event('OrderPlaced', 'order', 1, state);
}
