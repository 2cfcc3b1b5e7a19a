import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { OrderRow } from './entities/order.entity.js';
import { recordOrder, type OrderResource } from './order.js';

export class CancelOrder extends Command<Outcome<OrderResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
  ) {
    super();
  }
}

@CommandHandler(CancelOrder)
export class CancelOrderHandler implements ICommandHandler<CancelOrder> {
  async execute({ tx, id, expected }: CancelOrder): Promise<Outcome<OrderResource>> {
    const order = await lock(tx, OrderRow, 'order', id, expected);
    if (order.status === 'cancelled')
      throw new RuleError('order_cancelled', `The order ${id} is cancelled already.`);
    const cancelled = await change(tx, OrderRow, order, { status: 'cancelled' });
    return recordOrder(tx, cancelled, 'OrderCancelled');
  }
}
