import type { EntityManager } from 'typeorm';
import { product as productSource } from '#commerce';
import type { Transaction } from '#outbox';
import type { StateOf } from '#views';
import { find } from '../aggregate/aggregate.js';
import { stateOf, type Outcome, type Resource, type Written } from '../aggregate/outcome.js';
import { publishedSource } from '../aggregate/published-source.js';
import { publisherOf } from '../aggregate/publisher.js';
import { ProductRow } from './entities/product.entity.js';

const events = publisherOf(productSource);

export type ProductResource = StateOf<typeof productSource> & Resource;

export async function findProduct(db: EntityManager, id: string): Promise<ProductResource> {
  return productResource(await find(db, ProductRow, 'product', id));
}

/** Appends what the product became as `name`. */
export function recordProduct(tx: Transaction, row: ProductRow, name: string): Promise<Written> {
  const { id, version } = row;
  return events.changed(tx, { name, id, version }, stateOf(productResource(row)));
}

export const publishedProducts = publishedSource(productSource, ProductRow, (_tx, rows) =>
  Promise.resolve(rows.map((row) => stateOf(productResource(row)))),
);

/** A command that changed nothing: no event, and the version that the product has. */
export function unchangedProduct(row: ProductRow): Outcome<ProductResource> {
  return {
    resource: productResource(row),
    written: [{ source: productSource.name, id: row.id, version: row.version }],
  };
}

export function productResource({
  id,
  version,
  sku,
  name,
  price,
  discontinued,
}: ProductRow): ProductResource {
  return { id, version, sku, name, price, discontinued };
}
