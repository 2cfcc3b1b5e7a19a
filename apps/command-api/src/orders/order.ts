import { In, type EntityManager } from 'typeorm';
import { order as orderSource } from '#commerce';
import type { Transaction } from '#outbox';
import type { StateOf } from '#views';
import { find } from '../aggregate/aggregate.js';
import { stateOf, type Outcome, type Resource } from '../aggregate/outcome.js';
import { publishedSource } from '../aggregate/published-source.js';
import { publisherOf } from '../aggregate/publisher.js';
import { OrderLineRow } from './entities/order-line.entity.js';
import { OrderRow } from './entities/order.entity.js';

const events = publisherOf(orderSource);

export type OrderResource = StateOf<typeof orderSource> & Resource;

export async function findOrder(db: EntityManager, id: string): Promise<OrderResource> {
  return readResource(db, await find(db, OrderRow, 'order', id));
}

/** Appends what the order became as `name`. Its lines are read again: an event carries the whole state. */
export async function recordOrder(
  tx: Transaction,
  row: OrderRow,
  name: string,
): Promise<Outcome<OrderResource>> {
  const resource = await readResource(tx, row);
  const { id, version } = resource;
  const written = await events.changed(tx, { name, id, version }, stateOf(resource));
  return { resource, written: [written] };
}

export const publishedOrders = publishedSource(orderSource, OrderRow, async (tx, rows) => {
  const lines = await linesOf(tx, rows);
  return rows.map((row) => stateOf(resourceOf(row, lines.get(row.id))));
});

async function readResource(db: EntityManager, row: OrderRow): Promise<OrderResource> {
  const lines = await linesOf(db, [row]);
  return resourceOf(row, lines.get(row.id));
}

/** The lines of all these orders in one statement, by the order that they are of. */
async function linesOf(
  db: EntityManager,
  rows: readonly OrderRow[],
): Promise<ReadonlyMap<string, readonly OrderLineRow[]>> {
  const where = { orderId: In(rows.map(({ id }) => id)) };
  return Map.groupBy(
    await db.find(OrderLineRow, { where, order: { line: 'ASC' } }),
    ({ orderId }) => orderId,
  );
}

function resourceOf(row: OrderRow, lines: readonly OrderLineRow[] = []): OrderResource {
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
