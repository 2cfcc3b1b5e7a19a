import type { Pool, PoolClient } from 'pg';
import { newId } from '#kernel';
import {
  compile,
  describe,
  id,
  int,
  list,
  many,
  nullable,
  one,
  oneOf,
  ref,
  source,
  string,
  view,
} from '#views';
import type { Change } from '../apply/change.js';

/** A small shop for the specs of this lib: every way in which rows refer to each other. */
const customer = source('customer', { id: id(), name: string(), note: nullable(string()) });
const product = source('product', { id: id(), sku: string(), name: string() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  status: oneOf('pending', 'confirmed'),
  total: int(),
  lines: list({ productId: ref(product), quantity: int() }),
});
const payment = source('payment', {
  id: id(),
  orderId: ref(order, { unique: true }),
  status: oneOf('due', 'paid'),
});

export const shop = { customer, product, order, payment };
export const shopSources = [customer, product, order, payment].map(describe);

export const orderSearch = compile(
  view('order-search', order, (o) => ({
    total: o.total,
    customer: one(o.customerId, (c) => ({ name: c.name })),
    lines: many(o.lines, (l) => ({
      quantity: l.quantity,
      product: one(l.productId, (p) => ({ name: p.name })),
    })),
    payment: one(payment.orderId, (p) => ({ status: p.status })),
  })),
);

/** As `orderSearch`, and it reads the customer's note and the order's status as well. */
export const orderSearchWithNotes = compile(
  view('order-search', order, (o) => ({
    total: o.total,
    status: o.status,
    customer: one(o.customerId, (c) => ({ name: c.name, note: c.note })),
    lines: many(o.lines, (l) => ({
      quantity: l.quantity,
      product: one(l.productId, (p) => ({ name: p.name })),
    })),
    payment: one(payment.orderId, (p) => ({ status: p.status })),
  })),
);

/** The change that an event of `source` carries; `null` deletes. */
export function change(
  sourceName: string,
  rowId: string,
  version: number,
  state: Readonly<Record<string, unknown>> | null,
  more: Partial<Change> = {},
): Change {
  return {
    source: sourceName,
    id: rowId,
    epoch: 0,
    version,
    deleted: state === null,
    occurredAt: '2026-01-01T00:00:00.000Z',
    eventId: newId(),
    traceparent: null,
    data: state === null ? null : JSON.stringify({ id: rowId, ...state }),
    ...more,
  };
}

/** The roots that are marked, once each, in order. */
export async function markedRoots(pool: Pool, viewName = 'order-search'): Promise<readonly string[]> {
  const { rows } = await pool.query<{ root_id: string }>(
    'SELECT DISTINCT root_id COLLATE "C" AS root_id FROM mark WHERE view = $1 ORDER BY 1',
    [viewName],
  );
  return rows.map((row) => row.root_id);
}

export async function clearQueues(pool: Pool): Promise<void> {
  await pool.query('DELETE FROM mark; DELETE FROM fan_out; DELETE FROM fan_out_job');
}

/** Waits until a statement of another connection waits for a lock: the interleaving that a test is about has begun. */
export async function untilBlocked(pool: Pool, statement: string): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    const { rows } = await pool.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
      [`%${statement}%`],
    );
    if (rows.length > 0) return;
  }
  throw new Error(`No statement like '${statement}' came to wait for a lock.`);
}

/** Runs `work` with a connection in an open transaction; what it leaves uncommitted is rolled back, also when it fails. */
export async function withOpenTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    return await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}
