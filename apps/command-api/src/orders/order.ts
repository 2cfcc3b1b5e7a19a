import type { EntityManager } from 'typeorm';
import { order as orderSource } from '#commerce';
import type { Transaction } from '#outbox';
import type { StateOf } from '#views';
import { find } from '../aggregate/aggregate.js';
import type { Outcome, Resource } from '../aggregate/outcome.js';
import { publisherOf } from '../aggregate/publisher.js';
import { OrderLineRow } from './entities/order-line.entity.js';
import { OrderRow } from './entities/order.entity.js';

const events = publisherOf(orderSource);

export type OrderResource = StateOf<typeof orderSource> & Resource;

export async function findOrder(db: EntityManager, id: string): Promise<OrderResource> {
  return resourceOf(db, await find(db, OrderRow, 'order', id));
}

/** Appends what the order became as `name`. Its lines are read again: an event carries the whole state. */
export async function recordOrder(
  tx: Transaction,
  row: OrderRow,
  name: string,
): Promise<Outcome<OrderResource>> {
  const resource = await resourceOf(tx, row);
  const { version, ...state } = resource;
  const written = await events.changed(tx, { name, id: row.id, version }, state);
  return { resource, written: [written] };
}

async function resourceOf(db: EntityManager, row: OrderRow): Promise<OrderResource> {
  const lines = await db.find(OrderLineRow, { where: { orderId: row.id }, order: { line: 'ASC' } });
  return {
    id: row.id,
    version: row.version,
    customerId: row.customerId,
    status: row.status,
    total: row.total,
    discount: row.discount,
    placedAt: row.placedAt.toISOString(),
    lines: lines.map(({ productId, quantity, unitPrice }) => ({ productId, quantity, unitPrice })),
  };
}
