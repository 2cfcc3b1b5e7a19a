import type { SearchIndex, WriteOperation } from '#search';
import {
  compile,
  facet,
  guard,
  id,
  instant,
  int,
  list,
  many,
  money,
  one,
  oneOf,
  ref,
  source,
  string,
  text,
  view,
} from '#views';
import { scattered } from './scattered.js';

const customer = source('customer', { id: id(), name: string(), city: string() }, { owner: 'customers' });
const order = source(
  'order',
  {
    id: id(),
    tenantId: string(),
    customerId: ref(customer),
    status: oneOf('pending', 'confirmed', 'cancelled'),
    total: money('EUR'),
    placedAt: instant(),
    lines: list({ sku: string(), name: string(), quantity: int(), unitPrice: money('EUR') }),
  },
  { owner: 'orders' },
);

/** Orders of several tenants, of which a caller sees its own. */
export const guardedOrders = view('guarded-orders', order, { sort: '-placedAt' }, (o) => ({
  tenantId: guard(o.tenantId),
  status: facet(o.status),
  total: o.total,
  placedAt: o.placedAt,
  customer: one(o.customerId, (c) => ({ name: text(c.name), city: facet(c.city) })),
  lines: many(o.lines, (l) => ({
    sku: l.sku,
    name: text(l.name),
    quantity: l.quantity,
    unitPrice: l.unitPrice,
  })),
}));

export const TENANT = 'acme';
/** What the benchmark's host takes the tenant from; a real one takes it from what was verified. */
export const TENANT_HEADER = 'x-tenant';

export const idOf = (at: number): string => `o${String(at).padStart(8, '0')}`;
/** Every order has a total of its own below this. */
export const MOST_TOTAL = 1_000_000;

function bodyOf(at: number): string {
  return JSON.stringify({
    id: idOf(at),
    tenantId: TENANT,
    status: ['pending', 'confirmed', 'cancelled'][at % 3],
    total: scattered(at, MOST_TOTAL),
    placedAt: new Date(Date.UTC(2026, 0, 1) + scattered(at + 2, 31_536_000) * 1_000).toISOString(),
    customer: { name: `Customer ${scattered(at, 5_000)}`, city: ['Ghent', 'Lyon', 'Oslo'][at % 3] },
    lines: Array.from({ length: 1 + scattered(at + 3, 8) }, (_, nth) => ({
      sku: `SKU-${scattered(at * 31 + nth, 2_000)}`,
      name: `Lamp of ${nth + 1} arms and a long name`,
      quantity: 1 + (nth % 9),
      unitPrice: 100 * (1 + scattered(at * 37 + nth, 500)),
    })),
  });
}

/** Documents of a call, which the adapter splits as it needs. */
const BULK = 5_000;

export async function fillGuardedOrders(
  index: SearchIndex,
  indexPrefix: string,
  documents: number,
): Promise<void> {
  const name = `${indexPrefix}${guardedOrders.name}.1`;
  await index.create(name, compile(guardedOrders));
  await index.point(`${indexPrefix}${guardedOrders.name}`, name);
  for (let from = 0; from < documents; from += BULK) {
    const operations = Array.from({ length: Math.min(BULK, documents - from) }, (_, nth): WriteOperation => {
      return { kind: 'index', index: name, id: idOf(from + nth), revision: 1, body: bodyOf(from + nth) };
    });
    const failed = (await index.write(operations, 120_000)).find(({ kind }) => kind !== 'done');
    if (failed !== undefined) throw new Error(`A document was not written: ${JSON.stringify(failed)}`);
  }
  await index.refresh(name);
}
