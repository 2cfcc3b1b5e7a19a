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
import { findShipment } from './shipment.js';

const createShipment = bodySchema(
  {
    id: uuid.optional().describe('Chosen by the caller, or made by the server.'),
    orderId: uuid,
    carrier: words(100),
  },
  { orderId: '019a3c7e-1f00-7000-8000-000000000004', carrier: 'PostNL' },
);
const dispatchShipment = bodySchema({ trackingCode: words(64) }, { trackingCode: '3SABCD1234567' });

@ApiTags('shipping')
@Controller('shipments')
export class ShippingController {
  constructor(private readonly edge: CommandEdge) {}

  @Post()
  @ApiCreate({
    summary: 'Create the shipment of an order',
    problems: { 409: 'There is a shipment with this id, or for this order.' },
  })
  create(
    @Body({ schema: createShipment }) body: z.infer<typeof createShipment>,
    @ThisExchange() exchange: Exchange,
  ) {
    return this.edge.create(exchange, '/shipments', (tx) => new CreateShipment(tx, body));
  }

  @Get(':id')
  @ApiRead('Read a shipment')
  read(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.read(exchange, (db) => findShipment(db, id));
  }

  @Post(':id/dispatch')
  @ApiAct({ summary: 'Mark a shipment as shipped', problems: { 409: 'The shipment left already.' } })
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
  @ApiAct({ summary: 'Mark a shipment as delivered', problems: { 409: 'The shipment is not on its way.' } })
  deliver(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.act(exchange, (tx, expected) => new DeliverShipment(tx, id, expected));
  }
}
