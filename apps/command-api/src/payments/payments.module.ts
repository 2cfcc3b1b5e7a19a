import { Module } from '@nestjs/common';
import type { ServiceDefinition } from '../services/service-definition.js';
import { AuthorizePaymentHandler } from './authorize-payment.js';
import { CapturePaymentHandler } from './capture-payment.js';
import { PaymentRow } from './entities/payment.entity.js';
import { CreatePayments1763000000000 } from './migrations/create-payments.js';
import { PaymentsController } from './payments.controller.js';
import { RefundPaymentHandler } from './refund-payment.js';
import { publishedPayments } from './payment.js';

@Module({
  controllers: [PaymentsController],
  providers: [AuthorizePaymentHandler, CapturePaymentHandler, RefundPaymentHandler],
})
export class PaymentsModule {}

export const payments: ServiceDefinition = {
  name: 'payments',
  module: PaymentsModule,
  entities: [PaymentRow],
  publishes: [publishedPayments],
  migrations: [CreatePayments1763000000000],
};
