import { compareText, compareValues } from '../filter/compare.js';
import { matches } from '../filter/matches.js';
import type { Level, SortKey } from '../plan/plan.js';
import { keysAt, parentKey, readerOf, type Data, type ReadColumn } from './read.js';
import type { LoadedRow } from './rows.js';

/** The rows of a level, found by the key that its parent holds. */
export interface Partners {
  readonly read: ReadColumn;
  /** In the level's order, at most its limit. `item` is the list's item that holds the key, if one does. */
  readonly of: (row: LoadedRow, item: Data | null) => readonly LoadedRow[];
}

/** Indexes a level's rows once for a batch, so that every document finds its partners by key. */
export function partnersOf(level: Level, rows: readonly LoadedRow[]): Partners {
  const read = readerOf(level);
  const { link } = level;
  if (link === null) return { read, of: () => [] };
  const column = link.kind === 'backward' ? link.column : (link.by ?? 'id');
  const byKey = groupByKey(level, rows, read, column);
  const key = parentKey(link);
  const limit = level.limit ?? Infinity;
  const order = rowOrder(level.sort, read);
  const itemColumn = key.path.split('.')[1];

  const keysHeld = (row: LoadedRow, item: Data | null): readonly string[] =>
    item === null || itemColumn === undefined
      ? keysAt(row, key.path, key.read)
      : keysAt({ id: '', data: item }, itemColumn, key.read);

  return {
    read,
    of: (row, item) => {
      const keys = keysHeld(row, item);
      const [first] = keys;
      if (keys.length === 1 && first !== undefined) return (byKey.get(first) ?? []).slice(0, limit);
      const found = keys.flatMap((one) => byKey.get(one) ?? []);
      // An array of references has an order of its own, which stands unless the join sorts.
      return (level.sort.length > 0 ? found.sort(order) : found).slice(0, limit);
    },
  };
}

function groupByKey(
  level: Level,
  rows: readonly LoadedRow[],
  read: ReadColumn,
  column: string,
): ReadonlyMap<string, readonly LoadedRow[]> {
  const byKey = new Map<string, LoadedRow[]>();
  for (const row of rows) {
    if (level.where !== null && !matches(level.where, (field) => valueAt(row, field, read))) continue;
    for (const key of new Set(keysAt(row, column, read))) {
      const group = byKey.get(key);
      if (group === undefined) byKey.set(key, [row]);
      else group.push(row);
    }
  }
  const order = rowOrder(level.sort, read);
  for (const group of byKey.values()) if (group.length > 1) group.sort(order);
  return byKey;
}

export function valueAt(row: LoadedRow, column: string, read: ReadColumn): unknown {
  return column === 'id' ? row.id : read(row.data, column, null);
}

/** By the sort keys, nulls last both ways, then by id. */
function rowOrder(sort: readonly SortKey[], read: ReadColumn): (a: LoadedRow, b: LoadedRow) => number {
  return (a, b) => {
    for (const { column, descending, as } of sort) {
      const [x, y] = [valueAt(a, column, read), valueAt(b, column, read)];
      if (x === null || y === null) {
        if (x !== y) return x === null ? 1 : -1;
        continue;
      }
      const order = compareValues(x, y, as);
      if (order !== 0) return descending ? -order : order;
    }
    return compareText(a.id, b.id);
  };
}
