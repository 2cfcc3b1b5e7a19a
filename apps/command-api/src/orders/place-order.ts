import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '#kernel';
import type { Transaction } from '#outbox';
import { insert } from '../aggregate/aggregate.js';
import { MeaninglessCommandError, RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { OrderLineRow } from './entities/order-line.entity.js';
import { OrderRow } from './entities/order.entity.js';
import { recordOrder, type OrderResource } from './order.js';
import { totalOf } from './total.js';

export interface NewOrder {
  readonly id?: string | undefined;
  readonly customerId: string;
  readonly lines: readonly {
    readonly productId: string;
    readonly quantity: number;
    readonly unitPrice: number;
  }[];
  /** In cents, off the total of the lines. */
  readonly discount: number;
}

export class PlaceOrder extends Command<Outcome<OrderResource>> {
  constructor(
    readonly tx: Transaction,
    readonly order: NewOrder,
  ) {
    super();
  }
}

@CommandHandler(PlaceOrder)
export class PlaceOrderHandler implements ICommandHandler<PlaceOrder> {
  async execute({ tx, order }: PlaceOrder): Promise<Outcome<OrderResource>> {
    const { id = newId(), customerId, lines, discount } = order;
    const total = totalOf(lines);
    if (discount > total) {
      const message = `The discount (${discount}) is larger than the total of the lines (${total}).`;
      throw new MeaninglessCommandError('discount_exceeds_total', message);
    }
    const row: OrderRow = {
      id,
      version: 1,
      customerId,
      status: 'pending',
      total,
      discount,
      placedAt: new Date(),
    };
    await insert(tx, OrderRow, row, {
      orders_pkey: () => new RuleError('order_exists', `There is an order ${id} already.`),
    });
    await tx.insert(
      OrderLineRow,
      lines.map((line, i) => ({ orderId: id, line: i + 1, ...line })),
    );
    return recordOrder(tx, row, 'OrderPlaced');
  }
}
