import { normalizeFilter } from '../filter/normalize.js';
import type { ColumnDescription } from '../source/description.js';
import type { Compiler } from './compiler.js';
import { valueColumns } from './compiler.js';
import type { Filter, SortKey, ValueKind } from './plan.js';

const unsortable: readonly ValueKind[] = ['prose', 'geo', 'json'];

/** Whether values of the kind have an order to sort by. */
export function isSortable(kind: ValueKind): boolean {
  return !unsortable.includes(kind);
}

/** The `where` option of a join, list or view, over the given columns. */
export function compileWhere(
  compiler: Compiler,
  path: string,
  where: unknown,
  columns: readonly ColumnDescription[],
): Filter | null {
  const { filter, faults } = normalizeFilter(where, valueColumns(columns));
  for (const fault of faults) compiler.fault(path, `In 'where', ${fault}.`, 'Correct the filter.');
  return faults.length > 0 ? null : filter;
}

/** The fields that a filter asks for. */
export function fieldsIn(filter: Filter | null): readonly string[] {
  if (filter === null) return [];
  if (filter.kind === 'condition') return [filter.field];
  return filter.kind === 'not' ? fieldsIn(filter.of) : filter.of.flatMap(fieldsIn);
}

/** The `sort` option: `'-placedAt'`, or a list of such. */
export function compileSort(
  compiler: Compiler,
  path: string,
  sort: string | readonly string[] | undefined,
  columns: readonly ColumnDescription[],
): readonly SortKey[] {
  const byName = valueColumns(columns);
  const asked = sort === undefined ? [] : typeof sort === 'string' ? [sort] : sort;
  return asked.flatMap((text) => {
    const column = text.replace(/^-/, '');
    const known = byName.get(column);
    if (known === undefined || known.array || !isSortable(known.kind)) {
      const sortable = [...byName.values()]
        .filter((one) => !one.array && isSortable(one.kind))
        .map((one) => one.name);
      compiler.fault(path, `There is no '${column}' to sort by.`, `Sort by one of ${sortable.join(', ')}.`);
      return [];
    }
    const as = known.kind === 'instant' ? ({ as: 'instant' } as const) : {};
    return [{ column, descending: text.startsWith('-'), ...as }];
  });
}
