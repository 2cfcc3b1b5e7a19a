import type { AnyColumn, AnyRef, ColumnDef } from './columns.js';
import type { ColumnDescription, SourceDescription, ValueColumn } from './description.js';
import type { Source } from './source.js';

/** The source as plain JSON. Reads the getters, so every source that it refers to must stand. */
export function describe(source: Source): SourceDescription {
  return {
    name: source.name,
    owner: source.owner,
    ...(source.was === null ? {} : { was: source.was }),
    columns: describeColumns(source, source.columns as object),
  };
}

function describeColumns(source: Source, columns: object): ColumnDescription[] {
  return Object.entries(columns as Record<string, ColumnDef>).map(([name, def]) =>
    describeColumn(source, name, def),
  );
}

function describeColumn(source: Source, name: string, def: ColumnDef): ColumnDescription {
  if (def.kind === 'list') {
    // Items hold no further lists: check() refuses them, and a list in a list would need a path of its own everywhere.
    return { name, kind: 'list', columns: describeColumns(source, def.of as object) as ValueColumn[] };
  }
  if (def.kind !== 'array') return describeValue(source, name, def, false);
  return describeValue(source, name, def.item as AnyColumn | AnyRef, true);
}

function describeValue(source: Source, name: string, def: AnyColumn | AnyRef, array: boolean): ValueColumn {
  const common = { name, array, nullable: def.nullable, ...def.detail };
  if (def.kind !== 'ref') return { ...common, kind: def.kind };
  const target = isSelf(def.to) ? source.name : (def.to as Source).name;
  return { ...common, kind: 'id', ref: { source: target, column: def.by, unique: def.unique } };
}

export function isSelf(to: unknown): boolean {
  return typeof to === 'object' && to !== null && 'self' in to;
}

/** The source that a reference of `source` points at. */
export function targetOf(source: Source, def: AnyRef): Source {
  return isSelf(def.to) ? source : (def.to as Source);
}
