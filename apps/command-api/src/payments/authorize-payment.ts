import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '#kernel';
import type { Transaction } from '#outbox';
import { insert } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { PaymentRow } from './entities/payment.entity.js';
import { recordPayment, type PaymentResource } from './payment.js';

export interface NewPayment {
  readonly id?: string | undefined;
  readonly orderId: string;
  readonly amount: number;
}

export class AuthorizePayment extends Command<Outcome<PaymentResource>> {
  constructor(
    readonly tx: Transaction,
    readonly payment: NewPayment,
  ) {
    super();
  }
}

@CommandHandler(AuthorizePayment)
export class AuthorizePaymentHandler implements ICommandHandler<AuthorizePayment> {
  async execute({ tx, payment }: AuthorizePayment): Promise<Outcome<PaymentResource>> {
    const { id = newId(), orderId, amount } = payment;
    const row: PaymentRow = {
      id,
      version: 1,
      orderId,
      status: 'due',
      amount,
      paidAt: null,
      refundedAt: null,
    };
    await insert(tx, PaymentRow, row, {
      payment_pkey: () => new RuleError('payment_exists', `There is a payment ${id} already.`),
      payment_order_key: () =>
        new RuleError('order_has_payment', `The order ${orderId} has a payment already.`),
    });
    return recordPayment(tx, row, 'PaymentAuthorized');
  }
}
