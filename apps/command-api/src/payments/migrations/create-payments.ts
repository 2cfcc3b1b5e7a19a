import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePayments1763000000000 implements MigrationInterface {
  readonly name = 'CreatePayments1763000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payment (
        id          uuid CONSTRAINT payment_pkey PRIMARY KEY,
        version     bigint NOT NULL CHECK (version > 0),
        order_id    uuid NOT NULL CONSTRAINT payment_order_key UNIQUE,
        status      text NOT NULL CHECK (status IN ('due', 'paid', 'refunded')),
        amount      bigint NOT NULL CHECK (amount > 0),
        paid_at     timestamptz(3),
        refunded_at timestamptz(3),
        CHECK ((status = 'due') = (paid_at IS NULL)),
        CHECK ((status = 'refunded') = (refunded_at IS NOT NULL))
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE payment');
  }
}
