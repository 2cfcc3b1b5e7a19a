import type { ColumnPath, SourceDescription, ValueColumn } from '#views';
import { itemsMember, memberOf } from './member.js';

/** One key of a copy: where it stands in the state, and the expression that the database derives it by. */
export interface KeyColumn {
  readonly path: ColumnPath;
  /** Holds several keys: an array, or a column of list items. */
  readonly many: boolean;
  readonly expression: string;
}

/**
 * The keys that a source's copies need: its references, and the columns that other sources' references point at
 * (`ref(product, 'sku')` makes `sku` a key of product). A shared key (`id(ref(…))`) is the column `id` itself.
 */
export function keyColumns(
  source: SourceDescription,
  all: readonly SourceDescription[],
): readonly KeyColumn[] {
  const pointedAt = new Set(
    all.flatMap((other) =>
      valuePaths(other).flatMap(({ column }) =>
        column.ref?.source === source.name ? [column.ref.column] : [],
      ),
    ),
  );
  return valuePaths(source)
    .filter(({ path, column }) => path !== 'id' && (column.ref !== undefined || pointedAt.has(path)))
    .map(({ path, column, list }) => ({
      path,
      many: list !== null || column.array,
      expression: list === null ? topLevelKey(column) : `prejoin_item_keys(${itemsMember(list, column)})`,
    }));
}

interface ValuePath {
  readonly path: ColumnPath;
  readonly column: ValueColumn;
  readonly list: string | null;
}

function valuePaths(source: SourceDescription): readonly ValuePath[] {
  return source.columns.flatMap((column): readonly ValuePath[] =>
    column.kind === 'list'
      ? column.columns.map((item) => ({
          path: `${column.name}.${item.name}`,
          column: item,
          list: column.name,
        }))
      : [{ path: column.name, column, list: null }],
  );
}

/** `#>> '{}'` is the text of a JSON string, and null for JSON's null. */
function topLevelKey(column: ValueColumn): string {
  const value = memberOf('data', column);
  return column.array ? `prejoin_keys(${value})` : `${value} #>> '{}'`;
}
