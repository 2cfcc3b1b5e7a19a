import { compareText } from '../filter/compare.js';
import type { Level, Plan } from '../plan/plan.js';
import { rollUpValues } from '../roll-up/roll-up-values.js';
import { keysFor } from './keys.js';
import { elementsOf, elementValue, groupByKey, type KeyedElement } from './partners.js';
import { keyReader, readerOf, valuesIn } from './read.js';
import type { LoadedRow, LoadedRows } from './rows.js';

/** Whole tables of rows that are not deleted, by source. A source without rows may be missing. */
export type Tables = Readonly<Record<string, readonly LoadedRow[]>>;

/**
 * What a database would load for the documents of `rootIds`, from tables in memory: level by level, the rows that the
 * keys of the level above ask for, and of a rolled-up level one value for each key. Pure.
 *
 * It says what a loader must give, and takes no short cuts: first rows are left for `assemble` to choose.
 */
export function loadFrom(plan: Plan, rootIds: readonly string[], tables: Tables): LoadedRows {
  const loaded = new Map<string, readonly LoadedRow[]>();
  for (const level of plan.levels) {
    const above = level.parent === null ? null : (loaded.get(level.parent) ?? []);
    const keys = new Set(above === null ? rootIds : keysFor(level, above));
    const rows = rowsWithKeys(level, keys, tables[level.source] ?? []);
    loaded.set(level.id, rollUpLevel(level, keys, rows));
  }
  return loaded;
}

function rowsWithKeys(
  level: Level,
  keys: ReadonlySet<string>,
  table: readonly LoadedRow[],
): readonly LoadedRow[] {
  const { link } = level;
  const read = readerOf(level);
  const column = link === null ? 'id' : link.kind === 'backward' ? link.column : (link.by ?? 'id');
  const keysOf = keyReader(column, read);
  return table.filter((row) => keysOf(row).some((key) => keys.has(key)));
}

/**
 * What a loader gives of a level that has these rows: the rows themselves, or, where the level is rolled up, one value for
 * each of `keys`. Pure.
 *
 * Rows in the order of their ids and items as they stand, which decides between values that are equally great.
 */
export function rollUpLevel(
  level: Level,
  keys: ReadonlySet<string>,
  rows: readonly LoadedRow[],
): readonly LoadedRow[] {
  const { rollUp } = level;
  if (rollUp === undefined) return rows;
  const read = readerOf(level);
  const inOrder = [...rows].sort((a, b) => compareText(a.id, b.id));
  const valuesOf = (element: KeyedElement): readonly unknown[] =>
    rollUp.value === null ? [element] : valuesIn(elementValue(element, rollUp.value.column, read));
  return [...groupByKey(elementsOf(level, inOrder, read))]
    .filter(([key]) => keys.has(key))
    .map(([key, elements]) => ({
      id: key,
      data: { value: rollUpValues(rollUp, elements.flatMap(valuesOf)) },
    }));
}
