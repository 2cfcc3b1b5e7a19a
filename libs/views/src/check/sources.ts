import { valueFault } from '../filter/normalize.js';
import type { ColumnDef } from '../source/columns.js';
import type { ColumnDescription, SourceDescription, ValueColumn } from '../source/description.js';
import { describe } from '../source/describe.js';
import type { Source } from '../source/source.js';
import type { Fault } from '../view/fault.js';

const sourceName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const columnName = /^[A-Za-z][A-Za-z0-9_]*$/;
/** Names that a source has itself, so that a reference of the name could not be followed backwards. */
const ownNames = new Set(['name', 'owner', 'was', 'columns']);

/** All faults of the declarations of sources. */
export function checkSources(sources: readonly Source[]): readonly Fault[] {
  return sources.flatMap((source) => [...nestedLists(source), ...checkSource(describe(source))]);
}

function nestedLists(source: Source): Fault[] {
  const columns = Object.entries(source.columns as Record<string, ColumnDef>);
  return columns.flatMap(([name, def]) => {
    const items = def.kind === 'list' ? Object.entries(def.of as Record<string, ColumnDef>) : [];
    return items.flatMap(([item, inner]) =>
      inner.kind === 'list'
        ? [
            fault(
              `${source.name}.${name}.${item}`,
              'A list stands in a list.',
              'Publish the inner items as a source of their own, or as json().',
            ),
          ]
        : [],
    );
  });
}

function checkSource(source: SourceDescription): Fault[] {
  const faults: Fault[] = [];
  if (!sourceName.test(source.name) || source.name.length > 40) {
    faults.push(
      fault(
        source.name,
        `'${source.name}' is no name for a source.`,
        'Use lower-case words joined by hyphens, 40 characters at most.',
      ),
    );
  }
  const id = source.columns.find((column) => column.name === 'id');
  if (id?.kind !== 'id' || id.array || id.nullable) {
    faults.push(fault(`${source.name}.id`, 'The source has no id.', 'Begin its columns with id: id().'));
  }
  faults.push(...checkOldNames(source.name, source.columns));
  for (const column of source.columns) {
    const at = `${source.name}.${column.name}`;
    faults.push(...checkName(at, column.name));
    if (column.kind === 'list') {
      faults.push(
        ...checkOldNames(at, column.columns),
        ...column.columns.flatMap((item) => [
          ...checkName(`${at}.${item.name}`, item.name),
          ...checkItemName(`${at}.${item.name}`, item.name),
          ...checkValue(`${at}.${item.name}`, item),
        ]),
      );
    } else {
      faults.push(...checkValue(at, column));
    }
    if (ownNames.has(column.name) && (column.kind === 'list' || column.ref !== undefined)) {
      faults.push(
        fault(at, `A reference or list can not be called '${column.name}'.`, 'Choose another name.'),
      );
    }
  }
  return faults;
}

/** An older event's value would be read as both columns. */
function checkOldNames(at: string, columns: readonly ColumnDescription[]): Fault[] {
  return columns.flatMap((column, i) => {
    const was = column.kind === 'list' ? undefined : column.was;
    if (was === undefined || was === column.name) return [];
    const other = columns.find(
      (one, j) => i !== j && (one.name === was || (j < i && one.kind !== 'list' && one.was === was)),
    );
    if (other === undefined) return [];
    return [
      {
        severity: 'warning',
        at: `${at}.${column.name}`,
        problem: `'${column.name}' and '${other.name}' both claim the name '${was}'.`,
        remedy: `Leave was() out of one of them, or give a new column a name that no column had before.`,
      } as const,
    ];
  });
}

function checkName(at: string, name: string): Fault[] {
  if (columnName.test(name) && name !== 'and' && name !== 'or' && name !== 'not') return [];
  return [
    fault(
      at,
      `'${name}' is no name for a column.`,
      'Use a letter, then letters, digits or underscores; and, or, not are words of the filter grammar.',
    ),
  ];
}

/** `parent` is the row that owns the items. */
function checkItemName(at: string, name: string): Fault[] {
  if (name !== 'parent') return [];
  return [fault(at, `A column of a list's items can not be called 'parent'.`, 'Choose another name.')];
}

function checkValue(at: string, column: ValueColumn): Fault[] {
  const faults: Fault[] = [];
  if (column.kind === 'enum' && (column.values ?? []).length === 0) {
    faults.push(fault(at, 'oneOf() has no values.', 'List the values.'));
  }
  if (column.values !== undefined && new Set(column.values).size < column.values.length) {
    faults.push(fault(at, 'oneOf() has a value twice.', 'List each value once.'));
  }
  if (column.kind === 'money' && !/^[A-Z]{3}$/.test(column.currency ?? '')) {
    faults.push(fault(at, `money() has no currency.`, `Give its ISO 4217 code, such as money('EUR').`));
  }
  if (column.default !== undefined) {
    const wrong = valueFault(column, column.default);
    if (wrong !== null)
      faults.push(fault(at, `The default of the column ${wrong}.`, 'Give a default of the column’s kind.'));
  }
  if (column.was === column.name)
    faults.push(fault(at, 'The column says that it had its own name before.', 'Leave was() out.'));
  return faults;
}

function fault(at: string, problem: string, remedy: string): Fault {
  return { severity: 'error', at, problem, remedy };
}
