import type { EntityManager } from 'typeorm';
import { stock as stockSource } from '#commerce';
import type { Transaction } from '#outbox';
import type { StateOf } from '#views';
import { find } from '../aggregate/aggregate.js';
import type { Resource, Written } from '../aggregate/outcome.js';
import { publisherOf } from '../aggregate/publisher.js';
import { StockRow } from './entities/stock.entity.js';

const events = publisherOf(stockSource);

export type StockResource = StateOf<typeof stockSource> & Resource;

export async function findStock(db: EntityManager, id: string): Promise<StockResource> {
  return stockResource(await find(db, StockRow, 'stock', id));
}

/** Appends what the stock became as `name`. */
export function recordStock(tx: Transaction, row: StockRow, name: string): Promise<Written> {
  const { version, ...state } = stockResource(row);
  return events.changed(tx, { name, id: row.id, version }, state);
}

export function stockResource({ id, version, onHand }: StockRow): StockResource {
  return { id, version, onHand };
}
