import type { Pool } from 'pg';
import { copyTable } from '../schema/names.js';

export interface SeededOrders {
  readonly orders: number;
  /** A tenth of the orders, unless it is given. */
  readonly customers?: number;
  readonly products?: number;
}

/** The id of the `n`th seeded row of a source, from 1 on: `order-0000001`, so that ids of a source sort by number. */
export function seededId(source: string, n: number): string {
  return `${source}-${String(n).padStart(7, '0')}`;
}

/**
 * Puts the copies of a shop of any size there, as if their events had been applied: 50 000 orders take about two seconds
 * before the triggers of a view are installed; with them, all roots are marked as well. The states have every column of
 * the example domain, so that its views and those of this lib's specs can be built of them.
 *
 * Order `n` belongs to customer `n % customers`, has one to three lines, three of four orders a payment, and every second
 * one a shipment. Nothing in it is random: the same call makes the same rows.
 */
export async function seedOrders(pool: Pool, seeded: SeededOrders): Promise<void> {
  const { orders, products = 200 } = seeded;
  const customers = seeded.customers ?? Math.max(1, Math.ceil(orders / 10));
  await insert(pool, 'customer', customers, CUSTOMER);
  await insert(pool, 'product', products, PRODUCT);
  await insert(pool, 'order', orders, ORDER, [customers, products]);
  await insert(pool, 'payment', orders, PAYMENT);
  await insert(pool, 'shipment', orders, SHIPMENT);
}

async function insert(
  pool: Pool,
  source: string,
  count: number,
  state: string,
  values: readonly number[] = [],
): Promise<void> {
  await pool.query(
    `INSERT INTO ${copyTable(source)} (id, epoch, version, deleted, occurred_at, event_id, data)
     SELECT state ->> 'id', 0, 1, false, '2026-01-01T00:00:00Z', 'seed ' || (state ->> 'id'), state
     FROM (SELECT (${state}) AS state FROM generate_series(1, $1::int) AS n) AS seeded
     WHERE state IS NOT NULL`,
    [count, ...values],
  );
  await pool.query(`ANALYZE ${copyTable(source)}`);
}

const idOf = (source: string, n = 'n'): string => `'${source}-' || lpad((${n})::text, 7, '0')`;

const CUSTOMER = `json_build_object(
  'id', ${idOf('customer')},
  'name', (ARRAY['Ann', 'Bo', 'Zoë', 'Łukasz', '花子', 'Dr. "D"'])[1 + n % 6] || ' ' || n,
  'email', 'c' || n || '@example.org', 'tier', (ARRAY['basic', 'silver', 'gold'])[1 + n % 3],
  'street', 'Dam ' || n, 'postalCode', '1012 JS', 'city', (ARRAY['Amsterdam', 'Köln', 'Lyon'])[1 + n % 3],
  'country', (ARRAY['NL', 'DE', 'FR'])[1 + n % 3], 'registeredAt', '2025-06-01T08:00:00.000Z')`;

const PRODUCT = `json_build_object(
  'id', ${idOf('product')}, 'sku', 'SKU-' || n, 'name', 'Product ' || n, 'price', 100 + n, 'discontinued', n % 50 = 0)`;

const ORDER = `json_build_object(
  'id', ${idOf('order')}, 'customerId', ${idOf('customer', '1 + n % $2::int')},
  'status', (ARRAY['pending', 'confirmed', 'cancelled'])[1 + n % 3],
  'total', 100 * (1 + n % 500), 'discount', n % 7,
  'placedAt', to_char(timestamp '2026-01-01' + n * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'lines', (
    SELECT json_agg(json_build_object(
      'productId', ${idOf('product', '1 + (n * 7 + line * 13) % $3::int')}, 'quantity', line, 'unitPrice', 100 * line))
    FROM generate_series(1, 1 + n % 3) AS line))`;

const PAYMENT = `CASE WHEN n % 4 <> 0 THEN json_build_object(
  'id', ${idOf('payment')}, 'orderId', ${idOf('order')}, 'status', (ARRAY['due', 'paid'])[1 + n % 2],
  'amount', 100 * (1 + n % 500), 'paidAt', CASE WHEN n % 2 = 1 THEN '2026-06-01T12:00:00.000Z' END, 'refundedAt', NULL) END`;

const SHIPMENT = `CASE WHEN n % 2 = 0 THEN json_build_object(
  'id', ${idOf('shipment')}, 'orderId', ${idOf('order')}, 'status', 'created', 'carrier', (ARRAY['Post', 'Rad'])[1 + n % 2],
  'trackingCode', CASE WHEN n % 3 = 0 THEN 'T' || n END, 'createdAt', '2026-06-02T12:00:00.000Z',
  'shippedAt', NULL, 'deliveredAt', NULL) END`;
