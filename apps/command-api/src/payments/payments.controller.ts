import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { bodySchema } from '#kernel/http';
import { ApiAct, ApiCreate, ApiRead } from '../edge/api-docs.js';
import { CommandEdge, PathId, ThisExchange, type Exchange } from '../edge/command-edge.js';
import { uuid } from '../edge/fields.js';
import { AuthorizePayment } from './authorize-payment.js';
import { CapturePayment } from './capture-payment.js';
import { findPayment, type PaymentResource } from './payment.js';
import { RefundPayment } from './refund-payment.js';

const authorizePayment = bodySchema(
  {
    id: uuid.optional().describe('Chosen by the caller, or made by the server.'),
    orderId: uuid,
    // As much as the largest order can come to.
    amount: z.int().min(1).max(1e15).describe('In cents.'),
  },
  { orderId: '019a3c7e-1f00-7000-8000-000000000004', amount: 4000 },
);

const aPayment: PaymentResource = {
  id: '019a3c7e-1f00-7000-8000-000000000005',
  version: 1,
  orderId: '019a3c7e-1f00-7000-8000-000000000004',
  status: 'due',
  amount: 4000,
  paidAt: null,
  refundedAt: null,
};
const paidPayment: PaymentResource = {
  ...aPayment,
  version: 2,
  status: 'paid',
  paidAt: '2026-05-31T14:06:00.000Z',
};
const refundedPayment: PaymentResource = {
  ...paidPayment,
  version: 3,
  status: 'refunded',
  refundedAt: '2026-06-04T09:30:00.000Z',
};

@ApiTags('payments')
@Controller('payments')
export class PaymentsController {
  constructor(private readonly edge: CommandEdge) {}

  @Post()
  @ApiCreate({
    summary: 'Authorize the payment of an order',
    answer: aPayment,
    description: 'It is due then.',
    problems: { 409: 'There is a payment with this id, or for this order.' },
  })
  authorize(
    @Body({ schema: authorizePayment }) body: z.infer<typeof authorizePayment>,
    @ThisExchange() exchange: Exchange,
  ) {
    return this.edge.create(exchange, '/payments', (tx) => new AuthorizePayment(tx, body));
  }

  @Get(':id')
  @ApiRead('Read a payment', aPayment)
  read(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.read(exchange, (db) => findPayment(db, id));
  }

  @Post(':id/capture')
  @ApiAct({
    summary: 'Capture a due payment',
    answer: paidPayment,
    description: 'It is paid then. The order does not change by it.',
    problems: { 409: 'The payment is not due.' },
  })
  capture(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.act(exchange, (tx, expected) => new CapturePayment(tx, id, expected));
  }

  @Post(':id/refund')
  @ApiAct({
    summary: 'Refund a paid payment',
    answer: refundedPayment,
    problems: { 409: 'The payment is not paid.' },
  })
  refund(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.act(exchange, (tx, expected) => new RefundPayment(tx, id, expected));
  }
}
