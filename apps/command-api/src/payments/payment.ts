import type { EntityManager } from 'typeorm';
import { payment as paymentSource } from '#commerce';
import type { Transaction } from '#outbox';
import type { StateOf } from '#views';
import { find } from '../aggregate/aggregate.js';
import { stateOf, type Outcome, type Resource } from '../aggregate/outcome.js';
import { publishedSource } from '../aggregate/published-source.js';
import { publisherOf } from '../aggregate/publisher.js';
import { PaymentRow } from './entities/payment.entity.js';

const events = publisherOf(paymentSource);

export type PaymentResource = StateOf<typeof paymentSource> & Resource;

export async function findPayment(db: EntityManager, id: string): Promise<PaymentResource> {
  return resourceOf(await find(db, PaymentRow, 'payment', id));
}

/** Appends what the payment became as `name`. */
export async function recordPayment(
  tx: Transaction,
  row: PaymentRow,
  name: string,
): Promise<Outcome<PaymentResource>> {
  const resource = resourceOf(row);
  const { id, version } = resource;
  return { resource, written: [await events.changed(tx, { name, id, version }, stateOf(resource))] };
}

export const publishedPayments = publishedSource(paymentSource, PaymentRow, (_tx, rows) =>
  Promise.resolve(rows.map((row) => stateOf(resourceOf(row)))),
);

function resourceOf({
  id,
  version,
  orderId,
  status,
  amount,
  paidAt,
  refundedAt,
}: PaymentRow): PaymentResource {
  return {
    id,
    version,
    orderId,
    status,
    amount,
    paidAt: paidAt?.toISOString() ?? null,
    refundedAt: refundedAt?.toISOString() ?? null,
  };
}
