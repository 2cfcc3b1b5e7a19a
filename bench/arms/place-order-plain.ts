import { In } from 'typeorm';
import { newId } from '#kernel';
import type { Transaction } from '#outbox';
import { OrderLineRow } from '../../apps/command-api/src/orders/entities/order-line.entity.js';
import { OrderRow } from '../../apps/command-api/src/orders/entities/order.entity.js';
import type { NewOrder } from '../../apps/command-api/src/orders/place-order.js';
import { totalOf } from '../../apps/command-api/src/orders/total.js';

/**
 * Places an order as a service without events would: the same rows in the same order. `read back` also reads the lines
 * for the answer, as the handler does, which has to show what was stored.
 */
export async function placeOrderPlain(
  tx: Transaction,
  { customerId, lines, discount }: NewOrder,
  end: 'read back' | 'rows alone',
): Promise<void> {
  const id = newId();
  const total = totalOf(lines);
  await tx.insert(OrderRow, {
    id,
    version: 1,
    customerId,
    status: 'pending',
    total,
    discount,
    placedAt: new Date(),
  });
  await tx.insert(
    OrderLineRow,
    lines.map((line, i) => ({ orderId: id, line: i + 1, ...line })),
  );
  if (end === 'read back')
    await tx.find(OrderLineRow, { where: { orderId: In([id]) }, order: { line: 'ASC' } });
}
