import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateOrders1763000000000 implements MigrationInterface {
  readonly name = 'CreateOrders1763000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE orders (
        id          uuid CONSTRAINT orders_pkey PRIMARY KEY,
        version     bigint NOT NULL CHECK (version > 0),
        customer_id uuid NOT NULL,
        status      text NOT NULL CHECK (status IN ('pending', 'confirmed', 'cancelled')),
        total       bigint NOT NULL CHECK (total >= 0),
        discount    bigint NOT NULL CHECK (discount BETWEEN 0 AND total),
        placed_at   timestamptz(3) NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE order_line (
        order_id   uuid NOT NULL REFERENCES orders (id),
        line       integer NOT NULL,
        product_id uuid NOT NULL,
        quantity   integer NOT NULL CHECK (quantity > 0),
        unit_price bigint NOT NULL CHECK (unit_price >= 0),
        PRIMARY KEY (order_id, line)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE order_line');
    await runner.query('DROP TABLE orders');
  }
}
