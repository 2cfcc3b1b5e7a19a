import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { announce, serve } from './http.js';
import { pageOfOrders } from './orders-service.js';

/**
 * `node services-main.js <service>…` serves each of the named services on a port of its own, from the tables at
 * `DATABASE_URL`. `GET /delay?ms=…` makes a service that slow from then on.
 */
type Answering = (pool: pg.Pool, url: URL) => Promise<readonly object[]>;

/** `GET /by-ids?ids=a,b`: what there is of them. */
const byIds =
  (text: string): Answering =>
  async (pool, { searchParams }) => {
    const ids = (searchParams.get('ids') ?? '').split(',');
    const { rows } = await pool.query<object>({ name: 'by ids', text, values: [ids] });
    return rows;
  };

const services: Readonly<Record<string, Answering>> = {
  orders: pageOfOrders,
  customers: byIds(
    'SELECT id, name, email, tier, city, country FROM customers.customer WHERE id = ANY ($1::text[])',
  ),
  catalog: byIds('SELECT id, sku, name FROM catalog.product WHERE id = ANY ($1::text[])'),
  payments: byIds(
    'SELECT order_id AS "orderId", status, paid_at AS "paidAt" FROM payments.payment WHERE order_id = ANY ($1::text[])',
  ),
  shipping: byIds(
    `SELECT order_id AS "orderId", status, carrier, tracking_code AS "trackingCode", shipped_at AS "shippedAt",
       delivered_at AS "deliveredAt" FROM shipping.shipment WHERE order_id = ANY ($1::text[])`,
  ),
};

const urls: Record<string, string> = {};
for (const name of process.argv.slice(2)) {
  const answering = services[name];
  if (answering === undefined) throw new Error(`There is no service '${name}'.`);
  const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 8, idleTimeoutMillis: 0 });
  let delayMs = 0;
  urls[name] = await serve(async (url) => {
    if (url.pathname === '/delay') {
      delayMs = Number(url.searchParams.get('ms'));
      return '[]';
    }
    if (delayMs > 0) await delay(delayMs);
    return JSON.stringify(await answering(pool, url));
  });
}
announce(urls);
