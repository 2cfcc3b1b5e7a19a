import { orderSearch } from '#commerce';
import type { SearchIndex, WriteOperation } from '#search';
import { compile } from '#views';
import { scattered } from './scattered.js';

/** Documents of a call, which the adapter splits as it needs. */
const BULK = 10_000;

export const idOf = (at: number): string => `o${String(at).padStart(8, '0')}`;

const cities = ['Amsterdam', 'Berlin', 'Ghent', 'Lyon', 'Oslo', 'Porto', 'Utrecht', 'York'];
const first = ['Anna', 'Anne', 'Ben', 'Carla', 'David', 'Emma', 'Finn', 'Noor', 'Olga', 'Peter'];
const last = ['Andrews', 'Bakker', 'Jansen', 'Novak', 'Peeters', 'Rossi', 'Schmidt', 'Visser'];

/** First, last and a number, so that there are as many names as customers. */
const nameOf = (customer: number): string =>
  `${first[scattered(customer, first.length)]} ${last[scattered(customer + 7, last.length)]} ${customer}`;

export interface Filling {
  readonly index: SearchIndex;
  readonly indexPrefix: string;
  readonly documents: number;
  /** 0 is orders without a customer. */
  readonly customers: number;
}

/** Fills an index of order-search with orders without lines, and points its alias at it. @returns its name */
export async function fillSmallOrders({
  index,
  indexPrefix,
  documents,
  customers,
}: Filling): Promise<string> {
  const name = `${indexPrefix}order-search.1`;
  await index.create(name, compile(orderSearch));
  await index.point(`${indexPrefix}order-search`, name);
  for (let from = 0; from < documents; from += BULK)
    await writeSmallOrders(index, name, { from, count: Math.min(BULK, documents - from), customers }, 1);
  await index.refresh(name);
  return name;
}

export interface Orders {
  /** The number of the first. */
  readonly from: number;
  readonly count: number;
  readonly customers: number;
}

/** Writes these orders, which are the same ones at every revision. */
export async function writeSmallOrders(
  index: SearchIndex,
  name: string,
  { from, count, customers }: Orders,
  revision: number,
): Promise<void> {
  const operations = Array.from({ length: count }, (_, nth): WriteOperation => {
    const body = JSON.stringify(orderOf(from + nth, customers));
    return { kind: 'index', index: name, id: idOf(from + nth), revision, body };
  });
  const outcomes = await index.write(operations, 120_000);
  const failed = outcomes.find(({ kind }) => kind !== 'done');
  if (failed !== undefined) throw new Error(`A document was not written: ${JSON.stringify(failed)}`);
}

interface Customer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly tier: string | undefined;
  readonly city: string | undefined;
  readonly country: string;
}

/** The customer of an order. */
export function customerOf(at: number, customers: number): Customer {
  const customer = scattered(at, customers);
  return {
    id: `c${customer}`,
    name: nameOf(customer),
    email: `c${customer}@shop.example`,
    tier: ['basic', 'silver', 'gold'][customer % 3],
    city: cities[scattered(customer, cities.length)],
    country: 'NL',
  };
}

function orderOf(at: number, customers: number): object {
  return {
    id: idOf(at),
    status: ['pending', 'confirmed', 'cancelled'][at % 3],
    total: scattered(at + 1, 100_000),
    discount: 0,
    placedAt: new Date(Date.UTC(2026, 0, 1) + scattered(at + 2, 31_536_000) * 1_000).toISOString(),
    customer: customers === 0 ? null : customerOf(at, customers),
    lines: [],
    payment: null,
    shipment: null,
    net: 0,
  };
}
