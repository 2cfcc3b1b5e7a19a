import { Client, errors } from '@elastic/elasticsearch';
import pg from 'pg';
import { decodeOrderEvent, type Form, type FormServers, type OrderEvent } from './order-event.js';

/**
 * The same made fast, still one event at a time: the driver without the mapper, one statement that writes an order with its
 * lines and one that reads all joins, both prepared, a kept connection to the index for each handler. The index refuses what is
 * older than what it has, and events of one order wait for each other.
 */
export function openTunedForm(
  { databaseUrl, elasticsearchUrl, indexName }: FormServers,
  { handlers, connections }: { readonly handlers: number; readonly connections: number },
): Form {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connections });
  const client = new Client({ node: elasticsearchUrl, agent: { connections: handlers } });
  const running = new Map<string, Promise<void>>();
  const project = async (event: OrderEvent): Promise<void> => {
    await pool.query({ name: 'write order', text: WRITE, values: valuesOf(event) });
    const { id } = event.data;
    const { rows } = await pool.query<JoinedRow>({ name: 'read order', text: READ, values: [id] });
    const [order] = rows;
    if (order === undefined) throw new Error(`Order ${id} is not there any more.`);
    await indexNewest(client, indexName, order, rows);
  };
  return {
    handle: async (body) => {
      const event = decodeOrderEvent(body);
      const { id } = event.data;
      const before = running.get(id);
      const turn = before === undefined ? project(event) : before.then(() => project(event));
      running.set(id, turn);
      await turn;
      if (running.get(id) === turn) running.delete(id);
    },
    close: async () => {
      await client.close();
      await pool.end();
    },
  };
}

async function indexNewest(
  client: Client,
  index: string,
  order: JoinedRow,
  rows: readonly JoinedRow[],
): Promise<void> {
  const { id, version } = order;
  const document = documentOf(order, rows);
  try {
    await client.index({ index, id, version, version_type: 'external_gte', document });
  } catch (error) {
    // A newer one is there.
    if (!(error instanceof errors.ResponseError && error.statusCode === 409)) throw error;
  }
}

/** Lines are written over rather than deleted first: one statement can not delete a row and insert its key again. */
const WRITE = `
  WITH written AS (
    INSERT INTO naive.orders (id, version, customer_id, status, total, discount, placed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, customer_id = excluded.customer_id,
      status = excluded.status, total = excluded.total, discount = excluded.discount, placed_at = excluded.placed_at
    WHERE orders.version < excluded.version
    RETURNING id),
  lines AS (
    INSERT INTO naive.order_line (order_id, line, product_id, quantity, unit_price)
    SELECT written.id, line.* FROM written, unnest($8::int[], $9::text[], $10::int[], $11::int[]) AS line
    ON CONFLICT (order_id, line) DO UPDATE SET
      product_id = excluded.product_id, quantity = excluded.quantity, unit_price = excluded.unit_price)
  DELETE FROM naive.order_line USING written WHERE order_id = written.id AND line > $12::int`;

function valuesOf({ version, data }: OrderEvent): unknown[] {
  const { id, customerId, status, total, discount, placedAt, lines } = data;
  return [
    ...[id, version, customerId, status, total, discount, placedAt],
    lines.map((_, i) => i + 1),
    lines.map(({ productId }) => productId),
    lines.map(({ quantity }) => quantity),
    lines.map(({ unitPrice }) => unitPrice),
    lines.length,
  ];
}

const READ = `
  SELECT o.id, o.version, o.status, o.total, o.discount, o.placed_at,
    c.id AS customer_id, c.name, c.email, c.tier, c.city, c.country,
    l.line, l.quantity, l.unit_price, p.id AS product_id, p.sku, p.name AS product_name,
    y.id AS payment_id, y.status AS payment_status, y.paid_at,
    s.id AS shipment_id, s.status AS shipment_status, s.carrier, s.tracking_code, s.shipped_at, s.delivered_at
  FROM naive.orders AS o
    LEFT JOIN naive.customer AS c ON c.id = o.customer_id
    LEFT JOIN naive.order_line AS l ON l.order_id = o.id
    LEFT JOIN naive.product AS p ON p.id = l.product_id
    LEFT JOIN naive.payment AS y ON y.order_id = o.id
    LEFT JOIN naive.shipment AS s ON s.order_id = o.id
  WHERE o.id = $1 ORDER BY l.line`;

/** A line of an order with all that is joined; what is not there has null as its key. */
interface JoinedRow {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly total: number;
  readonly discount: number;
  readonly placed_at: Date;
  readonly customer_id: string | null;
  readonly name: string;
  readonly email: string;
  readonly tier: string;
  readonly city: string;
  readonly country: string;
  readonly line: number | null;
  readonly quantity: number;
  readonly unit_price: number;
  readonly product_id: string | null;
  readonly sku: string;
  readonly product_name: string;
  readonly payment_id: string | null;
  readonly payment_status: string;
  readonly paid_at: Date | null;
  readonly shipment_id: string | null;
  readonly shipment_status: string;
  readonly carrier: string;
  readonly tracking_code: string | null;
  readonly shipped_at: Date | null;
  readonly delivered_at: Date | null;
}

function documentOf(o: JoinedRow, rows: readonly JoinedRow[]): object {
  return {
    id: o.id,
    status: o.status,
    total: o.total,
    discount: o.discount,
    placedAt: o.placed_at,
    customer:
      o.customer_id === null
        ? null
        : { id: o.customer_id, name: o.name, email: o.email, tier: o.tier, city: o.city, country: o.country },
    lines: rows.filter(({ line }) => line !== null).map(lineOf),
    payment: o.payment_id === null ? null : { status: o.payment_status, paidAt: o.paid_at },
    shipment:
      o.shipment_id === null
        ? null
        : {
            status: o.shipment_status,
            carrier: o.carrier,
            trackingCode: o.tracking_code,
            shippedAt: o.shipped_at,
            deliveredAt: o.delivered_at,
          },
    net: o.total - o.discount,
  };
}

function lineOf({ quantity, unit_price, product_id, sku, product_name }: JoinedRow): object {
  const product = product_id === null ? null : { id: product_id, sku, name: product_name };
  return { quantity, unitPrice: unit_price, product };
}
