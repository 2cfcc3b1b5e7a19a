import { compareValues } from '#views';
import type { SearchSort } from '../search-index.js';
import type { Column } from './column.js';
import { firstIn } from './first.js';
import type { Table } from './table.js';
import type { Comparable } from './values.js';

type Key = Comparable | null;

/** A row that was found, with what it is sorted by. */
export interface Found {
  readonly row: number;
  readonly keys: readonly Key[];
}

/** What rows are sorted by: first by the first of these. */
export type Order = readonly {
  readonly by: SearchSort;
  readonly keyOf: (row: number) => Key;
}[];

export function orderOf(sort: readonly SearchSort[], table: Table, scoreOf: (row: number) => number): Order {
  return sort.map((by) => ({
    by,
    keyOf: by.field === 'relevance' ? scoreOf : keyReader(table.column(by.field), by.descending),
  }));
}

/** Of several values the least when ascending, the greatest when descending. */
function keyReader({ numbers, starts, sortKeys }: Column, descending: boolean): (row: number) => Key {
  const better = descending ? 1 : -1;
  return (row) => {
    const end = starts[row + 1] ?? 0;
    let best: Key = null;
    for (let at = starts[row] ?? 0; at < end; at += 1) {
      const key = sortKeys[numbers[at] ?? 0] ?? null;
      if (best === null || (key !== null && compareValues(key, best, undefined) * better > 0)) best = key;
    }
    return best;
  };
}

/** The first rows in order, of those that come after some keys. */
export function firstRows(
  rows: readonly number[],
  order: Order,
  count: number,
  after: readonly Key[] | null,
): readonly Found[] {
  const following = after === null ? rows : rows.filter((row) => compareTo(after, row, order) > 0);
  return firstIn(
    // From the row that was written last: what is new is asked for most, and is then not found after all that is older.
    backwards(following),
    count,
    (row): Found => ({ row, keys: order.map(({ keyOf }) => keyOf(row)) }),
    (row, { keys }) => compareTo(keys, row, order),
  );
}

function* backwards(rows: readonly number[]): Generator<number> {
  for (let at = rows.length - 1; at >= 0; at -= 1) yield rows[at] ?? 0;
}

/** Negative when the row comes before these keys. */
function compareTo(keys: readonly Key[], row: number, order: Order): number {
  for (let at = 0; at < order.length; at += 1) {
    const one = order[at];
    const compared = one === undefined ? 0 : compareKey(one.keyOf(row), keys[at] ?? null, one.by);
    if (compared !== 0) return compared;
  }
  return 0;
}

function compareKey(a: Key, b: Key, { descending, nulls }: SearchSort): number {
  if (a === null || b === null) {
    const missingLast = (a === null ? 1 : 0) - (b === null ? 1 : 0);
    return nulls === 'last' ? missingLast : -missingLast;
  }
  const order = compareValues(a, b, undefined);
  return descending ? -order : order;
}
