import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '#kernel';
import type { Transaction } from '#outbox';
import { insert } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { ShipmentRow } from './entities/shipment.entity.js';
import { recordShipment, type ShipmentResource } from './shipment.js';

export interface NewShipment {
  readonly id?: string | undefined;
  readonly orderId: string;
  readonly carrier: string;
}

export class CreateShipment extends Command<Outcome<ShipmentResource>> {
  constructor(
    readonly tx: Transaction,
    readonly shipment: NewShipment,
  ) {
    super();
  }
}

@CommandHandler(CreateShipment)
export class CreateShipmentHandler implements ICommandHandler<CreateShipment> {
  async execute({ tx, shipment }: CreateShipment): Promise<Outcome<ShipmentResource>> {
    const { id = newId(), orderId, carrier } = shipment;
    const untouched = { status: 'created', trackingCode: null, shippedAt: null, deliveredAt: null } as const;
    const row: ShipmentRow = { id, version: 1, orderId, carrier, createdAt: new Date(), ...untouched };
    await insert(tx, ShipmentRow, row, {
      shipment_pkey: () => new RuleError('shipment_exists', `There is a shipment ${id} already.`),
      shipment_order_key: () =>
        new RuleError('order_has_shipment', `The order ${orderId} has a shipment already.`),
    });
    return recordShipment(tx, row, 'ShipmentCreated');
  }
}
