import type { Pool } from 'pg';

/** An order with one of its lines; `productId` is null where it has none. */
interface LineRow {
  readonly id: string;
  readonly customerId: string;
  readonly status: string;
  readonly total: number;
  readonly discount: number;
  readonly placedAt: Date;
  readonly productId: string | null;
  readonly quantity: number;
  readonly unitPrice: number;
}

/** The page is cut before lines are joined, so that both come with one round trip. */
const PAGE = `
  SELECT page.id, page.customer_id AS "customerId", page.status, page.total, page.discount, page.placed_at AS "placedAt",
    l.product_id AS "productId", l.quantity, l.unit_price AS "unitPrice"
  FROM (SELECT * FROM orders.orders WHERE placed_at < $1 ORDER BY placed_at DESC, id LIMIT $2) AS page
    LEFT JOIN orders.order_line AS l ON l.order_id = page.id
  ORDER BY page.placed_at DESC, page.id, l.line`;

/** `GET /orders?before=…&limit=…`: the newest orders before an instant, with their lines. */
export async function pageOfOrders(pool: Pool, { searchParams }: URL): Promise<readonly object[]> {
  const values = [searchParams.get('before'), searchParams.get('limit')];
  const { rows } = await pool.query<LineRow>({ name: 'page', text: PAGE, values });
  const orders = new Map<string, object & { readonly lines: object[] }>();
  for (const { productId, quantity, unitPrice, ...order } of rows) {
    const known = orders.get(order.id) ?? { ...order, lines: [] };
    orders.set(order.id, known);
    if (productId !== null) known.lines.push({ productId, quantity, unitPrice });
  }
  return [...orders.values()];
}
