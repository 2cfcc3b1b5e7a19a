import { contradictionIn } from '../check/contradiction.js';
import { normalizeFilter, type FilterColumns } from '../filter/normalize.js';
import type { Scope } from '../shape/expressions.js';
import type { SourceDescription, ValueColumn } from '../source/description.js';
import { columnsOf, pathIn, type Compiler } from './compiler.js';
import type { ColumnPath, DerivedColumn, Filter, SortKey, ValueKind } from './plan.js';

const unsortable: readonly ValueKind[] = ['prose', 'geo', 'json'];

/** Whether values of the kind have an order to sort by. */
export function isSortable(kind: ValueKind): boolean {
  return !unsortable.includes(kind);
}

/** A column that an option may name, and what the plan calls it. */
interface OptionColumn extends ValueColumn {
  readonly field: ColumnPath;
}
export interface OptionColumns {
  readonly own: ReadonlyMap<string, OptionColumn>;
  /** What stands below `parent`: the columns of the row that owns the items. */
  readonly owner: ReadonlyMap<string, OptionColumn> | null;
}

/**
 * What the options of a join into `scope` may name. A join that leads into a list names columns by their paths from the
 * row, since it has two kinds of them; the list of a row at hand has the items' own names.
 */
export function optionColumns(compiler: Compiler, scope: Scope): OptionColumns {
  const { owner } = scope;
  const named = (of: Scope, full: boolean) =>
    new Map(
      columnsOf(compiler, of).flatMap((column) =>
        column.kind === 'list'
          ? []
          : [[column.name, { ...column, field: full ? pathIn(of, column.name) : column.name }] as const],
      ),
    );
  return { own: named(scope, owner !== null), owner: owner === null ? null : named(owner, true) };
}

/**
 * The `where` option of a join, list or view, over the given columns. `ifNever` says what comes of a filter that no row
 * can meet.
 */
export function compileWhere(
  compiler: Compiler,
  path: string,
  where: unknown,
  { own, owner }: OptionColumns,
  ifNever: string,
): Filter | null {
  const columns: FilterColumns =
    owner === null ? own : new Map<string, OptionColumn | OptionColumns['own']>([...own, ['parent', owner]]);
  const { filter, faults } = normalizeFilter(where, columns);
  for (const fault of faults) compiler.fault(path, `In 'where', ${fault}.`, 'Correct the filter.');
  if (faults.length > 0) return null;
  const byField = new Map([...own.values(), ...(owner?.values() ?? [])].map((one) => [one.field, one]));
  const never = contradictionIn(filter, (field) => byField.get(field));
  if (never !== null) compiler.fault(path, `${ifNever}: ${never}.`, `Correct 'where'.`);
  return filter;
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
  { own, owner }: OptionColumns,
): readonly SortKey[] {
  const ofOwner = [...(owner ?? [])].map(([name, column]) => [`parent.${name}`, column] as const);
  const sortable = new Map(
    [...own, ...ofOwner].filter(([, column]) => !column.array && isSortable(column.kind)),
  );
  const asked = sort === undefined ? [] : typeof sort === 'string' ? [sort] : sort;
  return asked.flatMap((text) => {
    const name = text.replace(/^-/, '');
    const column = sortable.get(name);
    if (column === undefined) {
      const known = [...sortable.keys()].join(', ');
      compiler.fault(path, `There is no '${name}' to sort by.`, `Sort by one of ${known}.`);
      return [];
    }
    const as = column.kind === 'instant' ? ({ as: 'instant' } as const) : {};
    return [{ column: column.field, descending: text.startsWith('-'), ...as }];
  });
}

/** The columns at `paths`, each once and in order, as the copies derive them. */
export function derivedColumns(
  { columns }: SourceDescription,
  paths: readonly ColumnPath[],
): readonly DerivedColumn[] {
  return [...new Set(paths)].sort().flatMap((path) => {
    const [top, item] = path.split('.');
    const column = columns.find((one) => one.name === top);
    const value = column?.kind === 'list' ? column.columns.find((one) => one.name === item) : column;
    if (value === undefined) return [];
    return [{ column: path, kind: value.kind, array: value.array }];
  });
}
