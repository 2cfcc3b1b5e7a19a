import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { PaymentRow } from './entities/payment.entity.js';
import { recordPayment, type PaymentResource } from './payment.js';

export class RefundPayment extends Command<Outcome<PaymentResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
  ) {
    super();
  }
}

@CommandHandler(RefundPayment)
export class RefundPaymentHandler implements ICommandHandler<RefundPayment> {
  async execute({ tx, id, expected }: RefundPayment): Promise<Outcome<PaymentResource>> {
    const payment = await lock(tx, PaymentRow, 'payment', id, expected);
    if (payment.status !== 'paid') {
      throw new RuleError(
        'payment_not_paid',
        `The payment ${id} is ${payment.status}; only a paid one is refunded.`,
      );
    }
    const refunded = await change(tx, PaymentRow, payment, { status: 'refunded', refundedAt: new Date() });
    return recordPayment(tx, refunded, 'PaymentRefunded');
  }
}
