import { Module } from '@nestjs/common';
import type { ServiceDefinition } from '../services/service-definition.js';
import { CancelOrderHandler } from './cancel-order.js';
import { ConfirmOrderHandler } from './confirm-order.js';
import { OrderLineRow } from './entities/order-line.entity.js';
import { OrderRow } from './entities/order.entity.js';
import { CreateOrders1763000000000 } from './migrations/create-orders.js';
import { OrdersController } from './orders.controller.js';
import { PlaceOrderHandler } from './place-order.js';
import { publishedOrders } from './order.js';

@Module({
  controllers: [OrdersController],
  providers: [PlaceOrderHandler, ConfirmOrderHandler, CancelOrderHandler],
})
export class OrdersModule {}

export const orders: ServiceDefinition = {
  name: 'orders',
  module: OrdersModule,
  entities: [OrderRow, OrderLineRow],
  publishes: [publishedOrders],
  migrations: [CreateOrders1763000000000],
};
