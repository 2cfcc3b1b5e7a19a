import type { Pool } from 'pg';

/**
 * The tables of a read side as a team makes them first: a row for each aggregate, indexes for each join, customers and
 * products as the copies have them. Without foreign keys, since the services that own the rows delete them on their own.
 */
export async function createNaiveTables(pool: Pool): Promise<void> {
  await pool.query(`
    DROP SCHEMA IF EXISTS naive CASCADE;
    CREATE SCHEMA naive;
    CREATE TABLE naive.customer (id text COLLATE "C" PRIMARY KEY, name text NOT NULL, email text NOT NULL,
      tier text NOT NULL, city text NOT NULL, country text NOT NULL);
    CREATE TABLE naive.product (id text COLLATE "C" PRIMARY KEY, sku text NOT NULL, name text NOT NULL);
    CREATE TABLE naive.orders (id text COLLATE "C" PRIMARY KEY, version integer NOT NULL,
      customer_id text COLLATE "C" NOT NULL, status text NOT NULL, total integer NOT NULL, discount integer NOT NULL,
      placed_at timestamptz NOT NULL);
    CREATE TABLE naive.order_line (order_id text COLLATE "C", line integer, product_id text COLLATE "C" NOT NULL,
      quantity integer NOT NULL, unit_price integer NOT NULL, PRIMARY KEY (order_id, line));
    CREATE TABLE naive.payment (id text COLLATE "C" PRIMARY KEY, order_id text COLLATE "C" NOT NULL UNIQUE,
      status text NOT NULL, paid_at timestamptz);
    CREATE TABLE naive.shipment (id text COLLATE "C" PRIMARY KEY, order_id text COLLATE "C" NOT NULL UNIQUE,
      status text NOT NULL, carrier text NOT NULL, tracking_code text, shipped_at timestamptz, delivered_at timestamptz);
    INSERT INTO naive.customer
      SELECT id, data->>'name', data->>'email', data->>'tier', data->>'city', data->>'country' FROM copy_customer;
    INSERT INTO naive.product SELECT id, data->>'sku', data->>'name' FROM copy_product;
    ANALYZE naive.customer, naive.product`);
}

/** Takes away what events have written. */
export async function emptyNaiveTables(pool: Pool): Promise<void> {
  await pool.query('TRUNCATE naive.orders, naive.order_line');
}
