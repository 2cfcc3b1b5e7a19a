import { canonicalJson, type ColumnDescription, type ValueColumn } from '#views';
import type { LockedSource } from './locked-source.js';
import { additive, breaking, type LockChange } from './verdict.js';

type Sources = ReadonlyMap<string, LockedSource>;

/**
 * What a change of the sources does to events that were published before, to the copies that are made of them, and to the
 * views that read them. `before` is what the lock held.
 */
export function sourceChanges(before: Sources, after: Sources): readonly LockChange[] {
  const gone = [...before.values()].filter(
    ({ description }) =>
      !after.has(description.name) &&
      ![...after.values()].some((one) => one.description.was === description.name),
  );
  return [
    ...gone.map(removedSource),
    ...[...after.values()].flatMap((source) => {
      const old = before.get(source.description.name);
      return old === undefined ? [newSource(source, before)] : changesOf(old, source);
    }),
  ];
}

function removedSource({ description: { name }, readBy }: LockedSource): LockChange {
  const readers = [...new Set([...readBy.values()].flat())];
  return readers.length === 0
    ? additive(`${name}: source removed; its copies stay until somebody drops them`)
    : breaking(`${name}: source removed, which ${readers.join(', ')} read`, 'a rebuild');
}

function newSource({ description: { name, was } }: LockedSource, before: Sources): LockChange {
  if (was !== undefined && before.has(was))
    return breaking(
      `${name}: source renamed from ${was}; copies are kept by source, so it is published again under its new name ` +
        `(npx prejoin resync ${name}), and then the views over it are rebuilt`,
      'a resync',
      'a rebuild',
    );
  return additive(
    `${name}: source added; what exists already has to be published once (npx prejoin resync ${name})`,
    'a resync',
  );
}

function changesOf(before: LockedSource, after: LockedSource): readonly LockChange[] {
  const { name } = after.description;
  const owners = [before.description.owner, after.description.owner].map((owner) => owner ?? 'nobody');
  return [
    ...(owners[0] === owners[1] ? [] : [additive(`${name}: published by ${owners[1]}, was by ${owners[0]}`)]),
    ...columnChanges(before, after),
    ...statementChanges(name, before.statements, after.statements),
  ];
}

/** A column with its path: `lines.quantity` for one of a list's items. A list is a column without a value. */
interface LockedColumn {
  readonly path: string;
  readonly value: ValueColumn | null;
}

function columnsIn(columns: readonly ColumnDescription[]): ReadonlyMap<string, LockedColumn> {
  const found = columns.flatMap((column): readonly LockedColumn[] =>
    column.kind === 'list'
      ? [
          { path: column.name, value: null },
          ...column.columns.map((item) => ({ path: `${column.name}.${item.name}`, value: item })),
        ]
      : [{ path: column.name, value: column }],
  );
  return new Map(found.map((column) => [column.path, column]));
}

function columnChanges(before: LockedSource, after: LockedSource): readonly LockChange[] {
  const [old, now] = [columnsIn(before.description.columns), columnsIn(after.description.columns)];
  const at = (path: string): string => `${after.description.name}.${path}`;
  const oldNameOf = ({ path, value }: LockedColumn): string | null =>
    value?.was === undefined ? null : path.replace(/[^.]+$/, value.was);
  const isRenamed = (column: LockedColumn): boolean => {
    const oldName = oldNameOf(column);
    return oldName !== null && old.has(oldName) && !now.has(oldName);
  };
  const renamedFrom = new Set([...now.values()].filter(isRenamed).map(oldNameOf));
  const removed = [...old.keys()].filter((path) => !now.has(path) && !renamedFrom.has(path));
  return [
    ...removed.map((path) => removedColumn(at(path), before.readBy.get(path.split('.')[0] ?? '') ?? [])),
    ...[...now.values()].flatMap((column) => {
      const was = old.get(column.path);
      if (was !== undefined) return changedColumn(at(column.path), was.value, column.value);
      if (!isRenamed(column)) return [addedColumn(at(column.path), column.value)];
      const oldName = oldNameOf(column) ?? '';
      return [
        renamedColumn(at(column.path), oldName),
        ...changedColumn(at(column.path), old.get(oldName)?.value ?? null, column.value),
      ];
    }),
  ];
}

function removedColumn(at: string, readers: readonly string[]): LockChange {
  if (readers.length === 0) return additive(`${at}: column removed, which no view reads`);
  const text = `${at}: column removed, which ${readers.join(', ')} read; publish it until they are rebuilt without it`;
  return breaking(text, 'a rebuild');
}

function addedColumn(at: string, value: ValueColumn | null): LockChange {
  if (value === null || value.array) return additive(`${at}: list added, older events are read as empty`);
  if (value.default !== undefined)
    return additive(`${at}: column added, older events are read as ${JSON.stringify(value.default)}`);
  if (value.nullable) return additive(`${at}: column added, nullable: older events are read as null`);
  return breaking(
    `${at}: column added that is neither nullable nor has a default: older events are refused, and older copies lack it`,
    'a resync',
  );
}

function renamedColumn(at: string, oldName: string): LockChange {
  return additive(
    `${at}: renamed from ${oldName}, older events are read by that name; projectors go out before the publisher does`,
  );
}

function changedColumn(
  at: string,
  before: ValueColumn | null,
  after: ValueColumn | null,
): readonly LockChange[] {
  if (before === null || after === null) {
    if (before === after) return [];
    return [
      breaking(
        `${at}: ${after === null ? 'a list of items, was values' : 'values, was a list of items'}`,
        'a resync',
      ),
    ];
  }
  const changes: LockChange[] = [];
  const [old, now] = [typeOf(before), typeOf(after)];
  if (old !== now)
    changes.push(breaking(`${at}: is ${now}, was ${old}: older copies hold the old kind`, 'a resync'));
  changes.push(...nullChanges(at, before, after), ...enumChanges(at, before, after));
  if (canonicalJson(before.ref ?? null) !== canonicalJson(after.ref ?? null))
    changes.push(breaking(`${at}: ${refOf(after)}, was ${refOf(before)}`, 'a rebuild'));
  if (before.was !== undefined && before.was !== after.was && before.was !== after.name)
    changes.push(breaking(`${at}: older events are not read by the name ${before.was} any more`, 'a resync'));
  return changes;
}

function typeOf({ kind, currency, array }: ValueColumn): string {
  const single = currency === undefined ? kind : `${kind}(${currency})`;
  return array ? `array(${single})` : single;
}

function refOf({ ref }: ValueColumn): string {
  if (ref === undefined) return 'no reference';
  return `a ${ref.unique ? 'unique ' : ''}reference to ${ref.source}.${ref.column}`;
}

function nullChanges(at: string, before: ValueColumn, after: ValueColumn): readonly LockChange[] {
  const changes: LockChange[] = [];
  if (before.nullable && !after.nullable)
    changes.push(breaking(`${at}: never null any more, and older copies may hold null`, 'a resync'));
  if (!before.nullable && after.nullable) changes.push(additive(`${at}: may be null`));
  if (canonicalJson(before.default ?? null) !== canonicalJson(after.default ?? null)) {
    changes.push(
      after.default === undefined && !after.nullable
        ? breaking(`${at}: the default is gone that stood for the column in older events`, 'a resync')
        : additive(`${at}: older events without it are read as ${JSON.stringify(after.default ?? null)}`),
    );
  }
  return changes;
}

function enumChanges(at: string, before: ValueColumn, after: ValueColumn): readonly LockChange[] {
  const [old, now] = [before.values ?? [], after.values ?? []];
  const gone = old.filter((value) => !now.includes(value));
  const added = now.filter((value) => !old.includes(value));
  return [
    ...(gone.length === 0
      ? []
      : [
          breaking(
            `${at}: the values ${gone.join(', ')} may not be published any more; copies that hold them keep them`,
          ),
        ]),
    ...(added.length === 0 ? [] : [additive(`${at}: may also be ${added.join(', ')}`)]),
  ];
}

/** What follows for the projection's database. What is not wanted any more stays while a generation needs it. */
function statementChanges(
  name: string,
  before: LockedSource['statements'],
  after: LockedSource['statements'],
): readonly LockChange[] {
  const added = after.derived.filter((statement) => !before.derived.includes(statement));
  return [
    ...(before.table === after.table
      ? []
      : [breaking(`${name}: the table of the copies is made otherwise; those that stand stay as they are`)]),
    ...(before.facts === after.facts
      ? []
      : [
          additive(
            `${name}: its copies know other facts of themselves, from the next start on; nothing is rewritten`,
          ),
        ]),
    ...added.map((statement) =>
      additive(
        `${name}: new column ${columnIn(statement)}, filled from the copies`,
        'new columns with backfill',
      ),
    ),
    ...(canonicalJson(before.indexes) === canonicalJson(after.indexes)
      ? []
      : [additive(`${name}: other indexes on its copies, built before a generation is registered`)]),
    ...(before.triggers === after.triggers
      ? []
      : [
          additive(
            `${name}: other changes of its rows mark documents (triggers), from the registration of a generation on`,
          ),
        ]),
  ];
}

function columnIn(statement: string): string {
  return /ADD COLUMN ("(?:[^"]|"")+"|\S+)/.exec(statement)?.[1] ?? statement;
}
