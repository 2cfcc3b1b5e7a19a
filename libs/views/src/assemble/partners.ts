import { compareText, compareValues } from '../filter/compare.js';
import { matches } from '../filter/matches.js';
import type { Level, Plan, SortKey } from '../plan/plan.js';
import { itemsOf, keyReader, parentKey, readerOf, strings, type Data, type ReadColumn } from './read.js';
import type { LoadedRow, LoadedRows } from './rows.js';

/** What a join leads to: a row, or an item of one of its lists together with the row. */
export interface Element {
  readonly row: LoadedRow;
  readonly item: Data | null;
}

/** The elements of a level, found by the key that its parent holds. */
export interface Partners {
  readonly read: ReadColumn;
  /** The list whose items are the elements; null when the rows are. */
  readonly list: string | null;
  /** The database rolled the level up: one row for each key, with the key for an id and the value as `value`. */
  readonly rolledUp: boolean;
  /** The keys that lead from a row of the parent, or from the item of it, to this level. */
  readonly keysHeld: (row: LoadedRow, item: Data | null) => readonly string[];
  /** In the level's order, at most its limit. `item` is the parent's list item that holds the key, if one does. */
  readonly of: (row: LoadedRow, item: Data | null) => readonly Element[];
  /** The first of them. */
  readonly first: (row: LoadedRow, item: Data | null) => Element | undefined;
  /** Many rows of the parent may lead to one element. */
  readonly shared: boolean;
}

/** The row that a node reads, or the item of one of its lists. */
export interface At {
  readonly level: Partners;
  readonly row: LoadedRow;
  readonly item: Data | null;
  readonly list: string | null;
}

export function elementAt(level: Partners, { row, item }: Element): At {
  return { level, row, item, list: item === null ? null : level.list };
}

/** Of all levels of a plan, by their ids. */
export function partnersByLevel(plan: Plan, rows: LoadedRows): ReadonlyMap<string, Partners> {
  return new Map(plan.levels.map((level) => [level.id, partnersOf(level, rows.get(level.id) ?? [])]));
}

/** Indexes a level's rows once for a batch, so that every document finds its partners by key. */
export function partnersOf(level: Level, rows: readonly LoadedRow[]): Partners {
  const read = readerOf(level);
  const list = listOf(level);
  const { link } = level;
  const rolledUp = level.rollUp !== undefined;
  if (link === null)
    return {
      read,
      list,
      rolledUp,
      shared: false,
      keysHeld: () => [],
      of: () => [],
      first: () => undefined,
    };
  const elements = rolledUp ? rolledUpRows(rows) : elementsOf(level, rows, read);
  const byKey = groupByKey(elements);
  const key = parentKey(link);
  const limit = level.limit ?? Infinity;
  const order = elementOrder(level.sort, read);
  for (const group of byKey.values()) if (group.length > 1) group.sort(order);
  const [keyList = null, itemColumn] = key.path.split('.');
  const keysOfRow = keyReader(key.path, key.read);

  const keysHeld = (row: LoadedRow, item: Data | null): readonly string[] =>
    item === null || itemColumn === undefined ? keysOfRow(row) : strings(key.read(item, itemColumn, keyList));
  const of = (row: LoadedRow, item: Data | null): readonly Element[] => {
    const keys = keysHeld(row, item);
    const [first] = keys;
    if (keys.length === 1 && first !== undefined) return (byKey.get(first) ?? []).slice(0, limit);
    const found = keys.flatMap((one) => byKey.get(one) ?? []);
    // An array of references has an order of its own, which stands unless the join sorts.
    return (level.sort.length > 0 ? found.sort(order) : found).slice(0, limit);
  };

  return {
    read,
    list,
    rolledUp,
    shared: link.kind === 'forward',
    keysHeld,
    of,
    first: (row, item) => {
      const keys = keysHeld(row, item);
      const [first] = keys;
      return keys.length === 1 && first !== undefined && limit > 0 ? byKey.get(first)?.[0] : of(row, item)[0];
    },
  };
}

/** The list that a backward level leads into (`lines` of 'lines.productId'). */
function listOf({ link }: Level): string | null {
  const [top, item] = link?.kind === 'backward' ? link.column.split('.') : [];
  return item === undefined ? null : (top ?? null);
}

export interface KeyedElement extends Element {
  readonly keys: readonly string[];
  /** Among the items of its row. */
  readonly position: number;
}

/** The elements that the rows of a level hold, filtered by its `where`. */
export function elementsOf(
  level: Level,
  rows: readonly LoadedRow[],
  read: ReadColumn,
): readonly KeyedElement[] {
  const { link } = level;
  if (link === null) return [];
  const list = listOf(level);
  const column = link.kind === 'backward' ? link.column : (link.by ?? 'id');
  const keysOf = keyReader(column, read);
  const elements =
    list === null
      ? rows.map((row) => ({ row, item: null, position: 0, keys: keysOf(row) }))
      : rows.flatMap((row) => itemElements(row, list, column.slice(list.length + 1), read));
  if (level.where === null) return elements;
  return elements.filter((element) => matches(level.where, (field) => elementValue(element, field, read)));
}

function itemElements(
  row: LoadedRow,
  list: string,
  column: string,
  read: ReadColumn,
): readonly KeyedElement[] {
  return itemsOf(row.data, list).map((item, position) => ({
    row,
    item,
    position,
    keys: strings(read(item, column, list)),
  }));
}

/** Rolled-up rows have their key for an id, and were filtered when they were rolled up. */
function rolledUpRows(rows: readonly LoadedRow[]): readonly KeyedElement[] {
  return rows.map((row) => ({ row, item: null, position: 0, keys: [row.id] }));
}

export function groupByKey(elements: readonly KeyedElement[]): ReadonlyMap<string, KeyedElement[]> {
  const byKey = new Map<string, KeyedElement[]>();
  for (const element of elements) {
    const { keys } = element;
    // Almost every element has one key, and a set for each would be half the cost of this.
    for (const key of keys.length < 2 ? keys : new Set(keys)) {
      const group = byKey.get(key);
      if (group === undefined) byKey.set(key, [element]);
      else group.push(element);
    }
  }
  return byKey;
}

export function valueAt(row: LoadedRow, column: string, read: ReadColumn): unknown {
  return column === 'id' ? row.id : read(row.data, column, null);
}

/** A column of the element's item when its path has a dot, else of its row. */
export function elementValue({ row, item }: Element, path: string, read: ReadColumn): unknown {
  const [list, column] = path.split('.');
  if (column === undefined) return valueAt(row, path, read);
  return item === null ? null : read(item, column, list ?? null);
}

/** By the sort keys, nulls last both ways, then by id, then as the items stand in their list. */
function elementOrder(
  sort: readonly SortKey[],
  read: ReadColumn,
): (a: KeyedElement, b: KeyedElement) => number {
  return (a, b) => {
    for (const { column, descending, as } of sort) {
      const [x, y] = [elementValue(a, column, read), elementValue(b, column, read)];
      if (x === null || y === null) {
        if (x !== y) return x === null ? 1 : -1;
        continue;
      }
      const order = compareValues(x, y, as);
      if (order !== 0) return descending ? -order : order;
    }
    return compareText(a.row.id, b.row.id) || a.position - b.position;
  };
}
