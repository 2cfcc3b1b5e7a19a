import type { EntityManager } from 'typeorm';
import { stock as stockSource } from '#commerce';
import type { Transaction } from '#outbox';
import type { StateOf } from '#views';
import { find } from '../aggregate/aggregate.js';
import { stateOf, type Resource, type Written } from '../aggregate/outcome.js';
import { publishedSource } from '../aggregate/published-source.js';
import { publisherOf } from '../aggregate/publisher.js';
import { StockRow } from './entities/stock.entity.js';

const events = publisherOf(stockSource);

export type StockResource = StateOf<typeof stockSource> & Resource;

export async function findStock(db: EntityManager, id: string): Promise<StockResource> {
  return stockResource(await find(db, StockRow, 'stock', id));
}

/** Appends what the stock became as `name`. */
export function recordStock(tx: Transaction, row: StockRow, name: string): Promise<Written> {
  const { id, version } = row;
  return events.changed(tx, { name, id, version }, stateOf(stockResource(row)));
}

export const publishedStock = publishedSource(stockSource, StockRow, (_tx, rows) =>
  Promise.resolve(rows.map((row) => stateOf(stockResource(row)))),
);

export function stockResource({ id, version, onHand }: StockRow): StockResource {
  return { id, version, onHand };
}
