import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { ShipmentRow } from './entities/shipment.entity.js';
import { recordShipment, type ShipmentResource } from './shipment.js';

export class DispatchShipment extends Command<Outcome<ShipmentResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
    readonly trackingCode: string,
  ) {
    super();
  }
}

@CommandHandler(DispatchShipment)
export class DispatchShipmentHandler implements ICommandHandler<DispatchShipment> {
  async execute({ tx, id, expected, trackingCode }: DispatchShipment): Promise<Outcome<ShipmentResource>> {
    const shipment = await lock(tx, ShipmentRow, 'shipment', id, expected);
    if (shipment.status !== 'created') {
      throw new RuleError('shipment_dispatched', `The shipment ${id} is ${shipment.status} already.`);
    }
    const changes = { status: 'shipped', trackingCode, shippedAt: new Date() } as const;
    const shipped = await change(tx, ShipmentRow, shipment, changes);
    return recordShipment(tx, shipped, 'ShipmentDispatched');
  }
}
