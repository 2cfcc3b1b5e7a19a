import type { EntityManager } from 'typeorm';
import { customer as customerSource } from '#commerce';
import type { Transaction } from '#outbox';
import type { StateOf } from '#views';
import { find, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import { AggregateMissingError } from '../aggregate/errors.js';
import { stateOf, type Outcome, type Resource, type Written } from '../aggregate/outcome.js';
import { publishedSource } from '../aggregate/published-source.js';
import { publisherOf } from '../aggregate/publisher.js';
import { CustomerRow, type Tier } from './entities/customer.entity.js';

const events = publisherOf(customerSource);

export interface Address {
  readonly street: string;
  readonly postalCode: string;
  readonly city: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

export interface CustomerResource extends Resource {
  readonly name: string;
  readonly email: string;
  readonly tier: Tier;
  readonly address: Address;
  readonly registeredAt: string;
}

export async function findCustomer(db: EntityManager, id: string): Promise<CustomerResource> {
  return resourceOf(refuseClosed(await find(db, CustomerRow, 'customer', id)));
}

export async function lockCustomer(
  tx: Transaction,
  id: string,
  expected: ExpectedVersion,
): Promise<CustomerRow> {
  return refuseClosed(await lock(tx, CustomerRow, 'customer', id, expected));
}

/** Appends what the customer became as `name`. */
export async function recordCustomer(
  tx: Transaction,
  row: CustomerRow,
  name: string,
): Promise<Outcome<CustomerResource>> {
  const resource = resourceOf(row);
  const { id, version } = resource;
  const written = await events.changed(tx, { name, id, version }, publishedState(resource));
  return { resource, written: [written] };
}

export function recordClosing(tx: Transaction, row: CustomerRow): Promise<Written> {
  return events.deleted(tx, { name: 'CustomerAccountClosed', id: row.id, version: row.version });
}

/** A closed account has a row, and its last event was a deletion. */
export const publishedCustomers = publishedSource(
  customerSource,
  CustomerRow,
  (_tx, rows) =>
    Promise.resolve(rows.map((row) => (row.closedAt === null ? publishedState(resourceOf(row)) : null))),
  'closed_at IS NOT NULL',
);

/** A command that changed nothing: no event, and the version that the customer has. */
export function unchangedCustomer(row: CustomerRow): Outcome<CustomerResource> {
  return {
    resource: resourceOf(row),
    written: [{ source: customerSource.name, id: row.id, version: row.version }],
  };
}

/** The address is published flat, as its source declares it. */
function publishedState(resource: CustomerResource): StateOf<typeof customerSource> {
  const { address, ...rest } = stateOf(resource);
  return { ...rest, ...address };
}

function refuseClosed(row: CustomerRow): CustomerRow {
  if (row.closedAt !== null) throw new AggregateMissingError('customer', row.id);
  return row;
}

function resourceOf(row: CustomerRow): CustomerResource {
  const { id, version, name, email, tier, street, postalCode, city, country, registeredAt } = row;
  const address = { street, postalCode, city, country };
  return { id, version, name, email, tier, address, registeredAt: registeredAt.toISOString() };
}
