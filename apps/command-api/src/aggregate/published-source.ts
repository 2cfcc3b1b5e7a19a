import { isUuid } from '#kernel';
import type { CurrentAggregate, PublishedSource, Transaction } from '#outbox';
import { contractOf, type Source } from '#views';
import type { AggregateRow } from './aggregate-row.js';
import type { EntityClass } from './aggregate.js';
import { greatestUuidUpTo } from './uuid-bounds.js';

/**
 * How the aggregates of one source are published again and compared with copies. `states` reads what the events of these
 * rows said last, in their order and in a constant number of statements; null for a deleted one, which is a row that
 * `deleted` holds of, a condition in SQL.
 */
export function publishedSource<R extends AggregateRow>(
  source: Source,
  entity: EntityClass<R>,
  states: (tx: Transaction, rows: readonly R[]) => Promise<readonly (object | null)[]>,
  deleted = 'false',
): PublishedSource {
  const query = (tx: Transaction) => tx.createQueryBuilder(entity, 'row').orderBy('row.id');
  const aggregates = async (tx: Transaction, rows: readonly R[]): Promise<readonly CurrentAggregate[]> => {
    const read = await states(tx, rows);
    return rows.map(({ id, version }, at) => ({ id, version, data: read[at] ?? null }));
  };
  // uuid sorts as its text does by byte, and its order is the one that the primary key has.
  const page = (tx: Transaction, after: string | null, limit: number) => {
    const found = query(tx).limit(limit);
    const bound = after === null ? null : greatestUuidUpTo(after);
    return bound === null ? found : found.where('row.id > :bound', { bound });
  };
  // An id that is no UUID is none of these services', and no fault of the one who asks.
  const these = (tx: Transaction, ids: readonly string[]) =>
    query(tx).where('row.id = ANY (:ids)', { ids: ids.filter(isUuid) });
  return {
    contract: contractOf(source),
    count: (tx) => tx.count(entity),
    lockPage: async (tx, after, limit) =>
      aggregates(tx, await page(tx, after, limit).setLock('pessimistic_read').getMany()),
    async versions(tx, ids) {
      const rows: { id: string; version: number }[] = await these(tx, ids)
        .select(['row.id', 'row.version'])
        .getMany();
      return new Map(rows.map(({ id, version }) => [id, version]));
    },
    compared: {
      rows: (tx) => ({
        table: tx.connection.getMetadata(entity).tablePath,
        id: 'id',
        idType: 'uuid',
        version: 'version',
        deleted,
        greatestUpTo: greatestUuidUpTo,
      }),
      readPage: async (tx, after, limit) => aggregates(tx, await page(tx, after, limit).getMany()),
      readThese: async (tx, ids, how) => {
        const found = these(tx, ids);
        return aggregates(tx, await (how === 'locked' ? found.setLock('pessimistic_read') : found).getMany());
      },
    },
  };
}
