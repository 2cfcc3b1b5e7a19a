import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { bodySchema } from '#kernel/http';
import { ApiAct, ApiCreate, ApiRead } from '../edge/api-docs.js';
import { CommandEdge, PathId, ThisExchange, type Exchange } from '../edge/command-edge.js';
import { uuid, words } from '../edge/fields.js';
import { CreateShipment } from './create-shipment.js';
import { DeliverShipment } from './deliver-shipment.js';
import { DispatchShipment } from './dispatch-shipment.js';
import { findShipment, type ShipmentResource } from './shipment.js';

const createShipment = bodySchema(
  {
    id: uuid.optional().describe('Chosen by the caller, or made by the server.'),
    orderId: uuid,
    carrier: words(100),
  },
  { orderId: '019a3c7e-1f00-7000-8000-000000000004', carrier: 'PostNL' },
);
const dispatchShipment = bodySchema({ trackingCode: words(64) }, { trackingCode: '3SABCD1234567' });

const aShipment: ShipmentResource = {
  id: '019a3c7e-1f00-7000-8000-000000000006',
  version: 1,
  orderId: '019a3c7e-1f00-7000-8000-000000000004',
  status: 'created',
  carrier: 'PostNL',
  trackingCode: null,
  createdAt: '2026-05-31T15:00:00.000Z',
  shippedAt: null,
  deliveredAt: null,
};
const shipped: ShipmentResource = {
  ...aShipment,
  version: 2,
  status: 'shipped',
  trackingCode: '3SABCD1234567',
  shippedAt: '2026-06-01T08:00:00.000Z',
};
const delivered: ShipmentResource = {
  ...shipped,
  version: 3,
  status: 'delivered',
  deliveredAt: '2026-06-02T11:20:00.000Z',
};

@ApiTags('shipping')
@Controller('shipments')
export class ShippingController {
  constructor(private readonly edge: CommandEdge) {}

  @Post()
  @ApiCreate({
    summary: 'Create the shipment of an order',
    answer: aShipment,
    problems: { 409: 'There is a shipment with this id, or for this order.' },
  })
  create(
    @Body({ schema: createShipment }) body: z.infer<typeof createShipment>,
    @ThisExchange() exchange: Exchange,
  ) {
    return this.edge.create(exchange, '/shipments', (tx) => new CreateShipment(tx, body));
  }

  @Get(':id')
  @ApiRead('Read a shipment', aShipment)
  read(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.read(exchange, (db) => findShipment(db, id));
  }

  @Post(':id/dispatch')
  @ApiAct({
    summary: 'Mark a shipment as shipped',
    answer: shipped,
    problems: { 409: 'The shipment left already.' },
  })
  dispatch(
    @PathId() id: string,
    @Body({ schema: dispatchShipment }) body: z.infer<typeof dispatchShipment>,
    @ThisExchange() exchange: Exchange,
  ) {
    return this.edge.change(
      exchange,
      (tx, expected) => new DispatchShipment(tx, id, expected, body.trackingCode),
    );
  }

  @Post(':id/delivery')
  @ApiAct({
    summary: 'Mark a shipment as delivered',
    answer: delivered,
    problems: { 409: 'The shipment is not on its way.' },
  })
  deliver(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.act(exchange, (tx, expected) => new DeliverShipment(tx, id, expected));
  }
}
