import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCustomers1763000000000 implements MigrationInterface {
  readonly name = 'CreateCustomers1763000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE customer (
        id            uuid CONSTRAINT customer_pkey PRIMARY KEY,
        version       bigint NOT NULL CHECK (version > 0),
        name          text NOT NULL,
        email         text NOT NULL,
        tier          text NOT NULL CHECK (tier IN ('basic', 'silver', 'gold')),
        street        text NOT NULL,
        postal_code   text NOT NULL,
        city          text NOT NULL,
        country       text NOT NULL,
        registered_at timestamptz(3) NOT NULL,
        closed_at     timestamptz(3)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE customer');
  }
}
