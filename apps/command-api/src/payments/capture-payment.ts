import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { PaymentRow } from './entities/payment.entity.js';
import { recordPayment, type PaymentResource } from './payment.js';

export class CapturePayment extends Command<Outcome<PaymentResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
  ) {
    super();
  }
}

/** The order hears of it by the event: no transaction reaches over two services. */
@CommandHandler(CapturePayment)
export class CapturePaymentHandler implements ICommandHandler<CapturePayment> {
  async execute({ tx, id, expected }: CapturePayment): Promise<Outcome<PaymentResource>> {
    const payment = await lock(tx, PaymentRow, 'payment', id, expected);
    if (payment.status !== 'due') {
      throw new RuleError(
        'payment_not_due',
        `The payment ${id} is ${payment.status}; only a due one is captured.`,
      );
    }
    const paid = await change(tx, PaymentRow, payment, { status: 'paid', paidAt: new Date() });
    return recordPayment(tx, paid, 'PaymentCaptured');
  }
}
