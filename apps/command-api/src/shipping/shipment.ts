import type { EntityManager } from 'typeorm';
import { shipment as shipmentSource } from '#commerce';
import type { Transaction } from '#outbox';
import type { StateOf } from '#views';
import { find } from '../aggregate/aggregate.js';
import { stateOf, type Outcome, type Resource } from '../aggregate/outcome.js';
import { publishedSource } from '../aggregate/published-source.js';
import { publisherOf } from '../aggregate/publisher.js';
import { ShipmentRow } from './entities/shipment.entity.js';

const events = publisherOf(shipmentSource);

export type ShipmentResource = StateOf<typeof shipmentSource> & Resource;

export async function findShipment(db: EntityManager, id: string): Promise<ShipmentResource> {
  return resourceOf(await find(db, ShipmentRow, 'shipment', id));
}

/** Appends what the shipment became as `name`. */
export async function recordShipment(
  tx: Transaction,
  row: ShipmentRow,
  name: string,
): Promise<Outcome<ShipmentResource>> {
  const resource = resourceOf(row);
  const { id, version } = resource;
  return { resource, written: [await events.changed(tx, { name, id, version }, stateOf(resource))] };
}

export const publishedShipments = publishedSource(shipmentSource, ShipmentRow, (_tx, rows) =>
  Promise.resolve(rows.map((row) => stateOf(resourceOf(row)))),
);

function resourceOf(row: ShipmentRow): ShipmentResource {
  const { id, version, orderId, status, carrier, trackingCode, createdAt, shippedAt, deliveredAt } = row;
  return {
    id,
    version,
    orderId,
    status,
    carrier,
    trackingCode,
    createdAt: createdAt.toISOString(),
    shippedAt: shippedAt?.toISOString() ?? null,
    deliveredAt: deliveredAt?.toISOString() ?? null,
  };
}
