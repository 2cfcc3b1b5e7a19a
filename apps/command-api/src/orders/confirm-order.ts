import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { OrderRow } from './entities/order.entity.js';
import { recordOrder, type OrderResource } from './order.js';

export class ConfirmOrder extends Command<Outcome<OrderResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
  ) {
    super();
  }
}

@CommandHandler(ConfirmOrder)
export class ConfirmOrderHandler implements ICommandHandler<ConfirmOrder> {
  async execute({ tx, id, expected }: ConfirmOrder): Promise<Outcome<OrderResource>> {
    const order = await lock(tx, OrderRow, 'order', id, expected);
    if (order.status !== 'pending') {
      throw new RuleError(
        'order_not_pending',
        `The order ${id} is ${order.status}; only a pending one is confirmed.`,
      );
    }
    const confirmed = await change(tx, OrderRow, order, { status: 'confirmed' });
    return recordOrder(tx, confirmed, 'OrderConfirmed');
  }
}
