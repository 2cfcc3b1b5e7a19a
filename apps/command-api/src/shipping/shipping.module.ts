import { Module } from '@nestjs/common';
import type { ServiceDefinition } from '../services/service-definition.js';
import { CreateShipmentHandler } from './create-shipment.js';
import { DeliverShipmentHandler } from './deliver-shipment.js';
import { DispatchShipmentHandler } from './dispatch-shipment.js';
import { ShipmentRow } from './entities/shipment.entity.js';
import { CreateShipping1763000000000 } from './migrations/create-shipping.js';
import { ShippingController } from './shipping.controller.js';
import { publishedShipments } from './shipment.js';

@Module({
  controllers: [ShippingController],
  providers: [CreateShipmentHandler, DispatchShipmentHandler, DeliverShipmentHandler],
})
export class ShippingModule {}

export const shipping: ServiceDefinition = {
  name: 'shipping',
  module: ShippingModule,
  entities: [ShipmentRow],
  publishes: [publishedShipments],
  migrations: [CreateShipping1763000000000],
};
