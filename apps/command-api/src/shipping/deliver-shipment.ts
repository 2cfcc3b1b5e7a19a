import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { ShipmentRow } from './entities/shipment.entity.js';
import { recordShipment, type ShipmentResource } from './shipment.js';

export class DeliverShipment extends Command<Outcome<ShipmentResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
  ) {
    super();
  }
}

@CommandHandler(DeliverShipment)
export class DeliverShipmentHandler implements ICommandHandler<DeliverShipment> {
  async execute({ tx, id, expected }: DeliverShipment): Promise<Outcome<ShipmentResource>> {
    const shipment = await lock(tx, ShipmentRow, 'shipment', id, expected);
    if (shipment.status !== 'shipped') {
      const message = `The shipment ${id} is ${shipment.status}; only a shipped one is delivered.`;
      throw new RuleError('shipment_not_shipped', message);
    }
    const delivered = await change(tx, ShipmentRow, shipment, {
      status: 'delivered',
      deliveredAt: new Date(),
    });
    return recordShipment(tx, delivered, 'ShipmentDelivered');
  }
}
