import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateShipping1763000000000 implements MigrationInterface {
  readonly name = 'CreateShipping1763000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE shipment (
        id            uuid CONSTRAINT shipment_pkey PRIMARY KEY,
        version       bigint NOT NULL CHECK (version > 0),
        order_id      uuid NOT NULL CONSTRAINT shipment_order_key UNIQUE,
        status        text NOT NULL CHECK (status IN ('created', 'shipped', 'delivered')),
        carrier       text NOT NULL,
        tracking_code text,
        created_at    timestamptz(3) NOT NULL,
        shipped_at    timestamptz(3),
        delivered_at  timestamptz(3),
        CHECK ((status = 'created') = (shipped_at IS NULL)),
        CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE shipment');
  }
}
