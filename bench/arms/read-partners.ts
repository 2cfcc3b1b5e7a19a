import type { Pool } from 'pg';
import type { RawRow } from './raw-upsert.js';

interface OrderKeys {
  readonly customerId: string;
  readonly lines: readonly { readonly productId: string }[];
}

/**
 * Reads all that the documents of these orders are joined from, by the fewest queries: one for each source, sent together,
 * each key once. Nothing is made of the answers, and no snapshot holds them together. Not prepared: a plan from when the
 * table was empty would read all of it.
 */
export async function readPartners(
  pool: Pool,
  rows: readonly RawRow[],
  table: 'raw_copy' | 'copy_order' = 'raw_copy',
): Promise<void> {
  const keys = rows.map(({ data }) => JSON.parse(data) as OrderKeys);
  const orders = [...new Set(rows.map(({ id }) => id))];
  const customers = [...new Set(keys.map(({ customerId }) => customerId))];
  const products = [...new Set(keys.flatMap(({ lines }) => lines.map(({ productId }) => productId)))];
  const read = (from: string, values: readonly string[]): Promise<unknown> =>
    pool.query(`SELECT id, data FROM ${from} = ANY($1::text[])`, [values]);
  await Promise.all([
    read(`${table} WHERE id`, orders),
    read('copy_customer WHERE id', customers),
    read('copy_product WHERE id', products),
    read('copy_payment WHERE "key_orderId"', orders),
    read('copy_shipment WHERE "key_orderId"', orders),
  ]);
}
