import type { EventContract } from '../encode-event.js';
import type { Transaction } from '../transaction.js';

/** An aggregate as it is now: what its last event said. */
export interface CurrentAggregate {
  readonly id: string;
  readonly version: number;
  /** The whole state, or null for one that is deleted and of which the service keeps a row. */
  readonly data: object | null;
}

/** How a service reads all aggregates of one source, to publish them again. */
export interface PublishedSource {
  readonly contract: EventContract;
  count(tx: Transaction): Promise<number>;
  /**
   * The aggregates with ids above `after` (null: from the first), in the order of their ids, at most `limit`, and locked
   * against writers until the transaction ends (FOR SHARE): the state that is read in several statements is the one of
   * the version, and a writer that holds a row is waited for.
   */
  lockPage(tx: Transaction, after: string | null, limit: number): Promise<readonly CurrentAggregate[]>;
  /** The versions of those of `ids` that have a row. */
  versions(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** How its rows are compared with copies, and published again one by one; without it, requests for that are refused. */
  readonly compared?: ComparedSource;
}

/** How a service's rows are compared with copies of them, range by range. */
export interface ComparedSource {
  rows(tx: Transaction): RowsInSql;
  /** As `lockPage`, and locked against nobody: the transaction has one snapshot. */
  readPage(tx: Transaction, after: string | null, limit: number): Promise<readonly CurrentAggregate[]>;
  /** Those of `ids` that have a row, in the order of their ids; `locked` as `lockPage` does it, or as `readPage`. */
  readThese(
    tx: Transaction,
    ids: readonly string[],
    how: 'locked' | 'unlocked',
  ): Promise<readonly CurrentAggregate[]>;
}

/** Where the rows of a source are, in parts of SQL statements that are put together as they stand. */
export interface RowsInSql {
  /** One row for each aggregate. */
  readonly table: string;
  /** The id, in a type and a collation that sort as its text does by byte, and that an index has. */
  readonly id: string;
  /** The type that an id is given in: `uuid`, `text`. */
  readonly idType: string;
  readonly version: string;
  /** A condition: the aggregate's last event was a deletion. */
  readonly deleted: string;
  /** The greatest value of that type whose text is not above `bound` by byte; null when there is none. */
  readonly greatestUpTo: (bound: string) => string | null;
}

/** `OrderPublishedAgain`: the name of an event that no command caused. */
export function eventName(source: string, what: 'PublishedAgain' | 'FoundGone'): string {
  const words = source.split(/[-_]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return words.join('') + what;
}
