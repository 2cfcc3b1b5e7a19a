import type { Pool } from 'pg';

/**
 * The tables of five services with what the copies hold, a schema for each service: only the columns that the list shows,
 * and an index for each way that is asked.
 */
export async function createServiceTables(pool: Pool): Promise<void> {
  await pool.query(`
    DROP SCHEMA IF EXISTS orders, customers, catalog, payments, shipping CASCADE;
    CREATE SCHEMA orders; CREATE SCHEMA customers; CREATE SCHEMA catalog; CREATE SCHEMA payments; CREATE SCHEMA shipping;
    CREATE TABLE orders.orders AS
      SELECT id, data->>'customerId' AS customer_id, data->>'status' AS status, (data->>'total')::int AS total,
        (data->>'discount')::int AS discount, (data->>'placedAt')::timestamptz AS placed_at FROM copy_order;
    CREATE TABLE orders.order_line AS
      SELECT id AS order_id, line::int, item->>'productId' AS product_id, (item->>'quantity')::int AS quantity,
        (item->>'unitPrice')::int AS unit_price
      FROM copy_order, json_array_elements(data->'lines') WITH ORDINALITY AS items (item, line);
    CREATE TABLE customers.customer AS
      SELECT id, data->>'name' AS name, data->>'email' AS email, data->>'tier' AS tier, data->>'city' AS city,
        data->>'country' AS country FROM copy_customer;
    CREATE TABLE catalog.product AS SELECT id, data->>'sku' AS sku, data->>'name' AS name FROM copy_product;
    CREATE TABLE payments.payment AS
      SELECT data->>'orderId' AS order_id, data->>'status' AS status, (data->>'paidAt')::timestamptz AS paid_at
      FROM copy_payment;
    CREATE TABLE shipping.shipment AS
      SELECT data->>'orderId' AS order_id, data->>'status' AS status, data->>'carrier' AS carrier,
        data->>'trackingCode' AS tracking_code, (data->>'shippedAt')::timestamptz AS shipped_at,
        (data->>'deliveredAt')::timestamptz AS delivered_at FROM copy_shipment;
    CREATE INDEX ON orders.orders (placed_at DESC, id);
    ALTER TABLE orders.order_line ADD PRIMARY KEY (order_id, line);
    ALTER TABLE customers.customer ADD PRIMARY KEY (id);
    ALTER TABLE catalog.product ADD PRIMARY KEY (id);
    ALTER TABLE payments.payment ADD PRIMARY KEY (order_id);
    ALTER TABLE shipping.shipment ADD PRIMARY KEY (order_id)`);
  await pool.query(
    'VACUUM ANALYZE orders.orders, orders.order_line, customers.customer, catalog.product, payments.payment, shipping.shipment',
  );
}
