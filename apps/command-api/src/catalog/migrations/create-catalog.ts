import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCatalog1763000000000 implements MigrationInterface {
  readonly name = 'CreateCatalog1763000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE product (
        id           uuid CONSTRAINT product_pkey PRIMARY KEY,
        version      bigint NOT NULL CHECK (version > 0),
        sku          text NOT NULL CONSTRAINT product_sku_key UNIQUE,
        name         text NOT NULL,
        price        bigint NOT NULL CHECK (price >= 0),
        discontinued boolean NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE stock (
        id      uuid PRIMARY KEY REFERENCES product (id),
        version bigint NOT NULL CHECK (version > 0),
        on_hand bigint NOT NULL CHECK (on_hand >= 0)
      )`);
    await runner.query(`
      CREATE TABLE stock_adjustment (
        product_id  uuid NOT NULL REFERENCES stock (id),
        version     bigint NOT NULL,
        delta       bigint NOT NULL,
        reason      text NOT NULL,
        adjusted_at timestamptz(3) NOT NULL,
        PRIMARY KEY (product_id, version)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE stock_adjustment');
    await runner.query('DROP TABLE stock');
    await runner.query('DROP TABLE product');
  }
}
