import type { ColumnPath, Level, Link } from '../plan/plan.js';

export type Data = Readonly<Record<string, unknown>>;
/** Reads a column of a row, or of a list's item when `list` names it, through renames and defaults. */
export type ReadColumn = (data: Data, column: string, list: string | null) => unknown;

/** Reads the columns of a level's rows. A column that is not there is its old name's, its default, or null. */
export function readerOf(level: Pick<Level, 'fallbacks'>): ReadColumn {
  const fallbacks = new Map((level.fallbacks ?? []).map((fallback) => [fallback.column, fallback]));
  if (fallbacks.size === 0) return (data, column) => data[column] ?? null;
  return (data, column, list) => {
    const value = data[column];
    if (value !== undefined) return value;
    const fallback = fallbacks.get(list === null ? column : `${list}.${column}`);
    const before = fallback?.was === undefined ? undefined : data[fallback.was];
    return before === undefined ? (fallback?.default ?? null) : before;
  };
}

/** The column of the parent's row that leads to a level, and how to read it. */
export function parentKey(link: Link): { readonly path: ColumnPath; readonly read: ReadColumn } {
  const path = link.kind === 'forward' ? link.column : (link.by ?? 'id');
  return {
    path,
    read: readerOf({ fallbacks: link.was === undefined ? [] : [{ column: path, was: link.was }] }),
  };
}

interface Row {
  readonly id: string;
  readonly data: Data;
}

/** Reads the keys that rows hold at a path: of a list's items when the path has a dot, several when it is an array. */
export function keyReader(path: ColumnPath, read: ReadColumn): (row: Row) => readonly string[] {
  if (path === 'id') return ({ id }) => [id];
  const [top = path, item] = path.split('.');
  if (item === undefined) return ({ data }) => strings(read(data, path, null));
  return ({ data }) => itemsOf(data, top).flatMap((one) => strings(read(one, item, top)));
}

/** The items of a list column; none when the event is from before the list was declared. */
export function itemsOf(data: Data, list: string): readonly Data[] {
  const items = data[list];
  return Array.isArray(items)
    ? items.filter((item): item is Data => typeof item === 'object' && item !== null)
    : [];
}

export function strings(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** The values of a column, which may be an array of them. */
export function valuesIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
