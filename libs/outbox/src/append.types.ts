import type { DataSource, EntityManager } from 'typeorm';
import { append, inTransaction, type EventContract, type Transaction } from './index.js';

declare const dataSource: DataSource;
declare const manager: EntityManager;
declare const contract: EventContract;
declare const tx: Transaction;
const event = { name: 'OrderPlaced', aggregateId: 'o-1', version: 1 };

/** Compiled, never run: each expected error is a misuse that the compiler refuses. */
export async function appendIsTyped(): Promise<void> {
  await append(tx, contract, { ...event, data: { total: 1 } });
  await append(tx, contract, { ...event, deleted: true });
  await inTransaction(dataSource, (inside) => append(inside, contract, { ...event, data: {} }));

  // @ts-expect-error the data source's manager commits by itself
  await append(dataSource.manager, contract, { ...event, data: {} });
  // @ts-expect-error not every manager is inside a transaction
  await append(manager, contract, { ...event, data: {} });
  // @ts-expect-error TypeORM's own transaction has no bounded retry, and its manager is not marked
  await dataSource.transaction((inside) => append(inside, contract, { ...event, data: {} }));
  // @ts-expect-error a change carries the state
  await append(tx, contract, event);
  // @ts-expect-error a deletion carries no state
  await append(tx, contract, { ...event, deleted: true, data: {} });
}
