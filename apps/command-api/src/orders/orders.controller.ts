import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { bodySchema } from '#kernel/http';
import { ApiAct, ApiCreate, ApiRead } from '../edge/api-docs.js';
import { CommandEdge, PathId, ThisExchange, type Exchange } from '../edge/command-edge.js';
import { cents, uuid } from '../edge/fields.js';
import { CancelOrder } from './cancel-order.js';
import { ConfirmOrder } from './confirm-order.js';
import { findOrder, type OrderResource } from './order.js';
import { PlaceOrder } from './place-order.js';
import { orderLimits } from './total.js';

const line = z.strictObject({
  productId: uuid,
  quantity: z.int().min(1).max(orderLimits.quantity),
  unitPrice: cents.max(orderLimits.unitPrice).describe('In cents, as agreed with the customer.'),
});

const placeOrder = bodySchema(
  {
    id: uuid.optional().describe('Chosen by the caller, or made by the server.'),
    customerId: uuid,
    lines: z.array(line).min(1).max(orderLimits.lines),
    discount: z.int().min(0).default(0).describe('In cents, off the total of the lines.'),
  },
  {
    customerId: '019a3c7e-1f00-7000-8000-000000000001',
    lines: [
      { productId: '019a3c7e-1f00-7000-8000-000000000002', quantity: 2, unitPrice: 1995 },
      { productId: '019a3c7e-1f00-7000-8000-000000000003', quantity: 1, unitPrice: 450 },
    ],
    discount: 440,
  },
);

const anOrder: OrderResource = {
  id: '019a3c7e-1f00-7000-8000-000000000004',
  version: 1,
  customerId: '019a3c7e-1f00-7000-8000-000000000001',
  status: 'pending',
  total: 4000,
  discount: 440,
  placedAt: '2026-05-31T14:05:00.000Z',
  lines: [
    { productId: '019a3c7e-1f00-7000-8000-000000000002', quantity: 2, unitPrice: 1995 },
    { productId: '019a3c7e-1f00-7000-8000-000000000003', quantity: 1, unitPrice: 450 },
  ],
};
const confirmed: OrderResource = { ...anOrder, version: 2, status: 'confirmed' };
const cancelled: OrderResource = { ...anOrder, version: 2, status: 'cancelled' };

@ApiTags('orders')
@Controller('orders')
export class OrdersController {
  constructor(private readonly edge: CommandEdge) {}

  @Post()
  @ApiCreate({
    summary: 'Place an order',
    answer: anOrder,
    description: 'It is pending then; the server computes its total.',
    problems: { 409: 'There is an order with this id.' },
  })
  place(@Body({ schema: placeOrder }) body: z.infer<typeof placeOrder>, @ThisExchange() exchange: Exchange) {
    return this.edge.create(exchange, '/orders', (tx) => new PlaceOrder(tx, body));
  }

  @Get(':id')
  @ApiRead('Read an order', anOrder)
  read(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.read(exchange, (db) => findOrder(db, id));
  }

  @Post(':id/confirmation')
  @ApiAct({
    summary: 'Confirm a pending order',
    answer: confirmed,
    problems: { 409: 'The order is not pending.' },
  })
  confirm(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.act(exchange, (tx, expected) => new ConfirmOrder(tx, id, expected));
  }

  @Post(':id/cancellation')
  @ApiAct({
    summary: 'Cancel an order',
    answer: cancelled,
    problems: { 409: 'The order is cancelled already.' },
  })
  cancel(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.act(exchange, (tx, expected) => new CancelOrder(tx, id, expected));
  }
}
