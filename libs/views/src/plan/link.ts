import { backReferenceOf, expressionOf, nameOfScope, type Scope } from '../shape/expressions.js';
import type { ColumnDef } from '../source/columns.js';
import { targetOf } from '../source/describe.js';
import type { Source } from '../source/source.js';
import { belongs, pathIn, referenceIn, type Compiler, type LevelDraft, type Place } from './compiler.js';
import { derivedColumns, fieldsIn } from './options.js';
import type { Filter, Link, RollUp, SortKey } from './plan.js';

/** What a join or a roll-up goes over: the items of a list of this row, or the rows of a level of its own. */
export type Way =
  | { readonly over: 'items'; readonly list: string }
  | {
      readonly over: 'level';
      readonly link: Link;
      /** The reference, as it tells apart levels of one document path. */
      readonly name: string;
      /** At most one row is found by a key. */
      readonly unique: boolean;
    };
export type LevelWay = Extract<Way, { over: 'level' }>;

/** Where `from` leads: over a reference back, a reference of this row, or a list of this row. Null after a fault. */
export function wayFrom(compiler: Compiler, place: Place, from: unknown, verb: string): Way | null {
  const back = backReferenceOf(from);
  if (back !== null) return backwards(compiler, place, back);
  const field = expressionOf(from);
  if (field?.expression !== 'column') {
    return compiler.fault(
      place.path,
      `${verb}() follows nothing.`,
      'Give it a reference or a list of the row.',
    );
  }
  if (!belongs(compiler, place, field)) return null;
  const { def, scope, name } = field;
  if (def.kind === 'list') return { over: 'items', list: name };
  const reference = referenceIn(def);
  if (reference === null) {
    return compiler.fault(
      place.path,
      `'${name}' is no reference.`,
      `${verb}() follows ref(), not a ${def.kind} column.`,
    );
  }
  const target = compiler.describe(targetOf(scope.source, reference));
  if (target.columns.every((one) => one.name !== reference.by)) {
    return compiler.fault(
      place.path,
      `'${name}' refers by a column that is not there.`,
      'Name a column of the source that it refers to.',
    );
  }
  const several = def.kind === 'array';
  const link: Link = {
    kind: 'forward',
    column: pathIn(scope, name),
    many: several,
    ...names(reference.by, oldName(def)),
  };
  return { over: 'level', link, name, unique: !several };
}

function backwards(
  compiler: Compiler,
  { path, scope }: Place,
  { source, column }: { readonly source: Source; readonly column: string },
): Way | null {
  const name = `${source.name}.${column}`;
  const def = columnAt(source, column);
  const reference = def === undefined ? null : referenceIn(def);
  if (def === undefined || reference === null)
    return compiler.fault(path, `'${name}' is no reference.`, 'Follow a ref() column.');
  const target = targetOf(source, reference);
  if (target.name !== scope.source.name || scope.list !== null) {
    return compiler.fault(
      path,
      `'${name}' points at '${target.name}', but the shape is of '${nameOfScope(scope)}'.`,
      `Use it in a shape of '${target.name}'.`,
    );
  }
  const many = def.kind === 'array' || column.includes('.');
  const was = oldName(columnAt(target, reference.by));
  const link: Link = { kind: 'backward', column, many, ...names(reference.by, was) };
  return { over: 'level', link, name, unique: reference.unique && !many };
}

function columnAt(source: Source, path: string): ColumnDef | undefined {
  const [top = '', item] = path.split('.');
  const column = (source.columns as Scope['columns'])[top];
  if (item === undefined) return column;
  return column?.kind === 'list' ? (column.of as Scope['columns'])[item] : undefined;
}

function oldName(def: ColumnDef | undefined): string | undefined {
  return def?.kind === 'array' ? (def.item as ColumnDef).detail.was : def?.detail.was;
}

function names(by: string, was: string | undefined): Pick<Link, 'by' | 'was'> {
  return { ...(by === 'id' ? {} : { by }), ...(was === undefined ? {} : { was }) };
}

interface LevelOptions {
  readonly scope: Scope;
  readonly where: Filter | null;
  readonly sort: readonly SortKey[];
  readonly limit: number | null;
  readonly rollUp?: RollUp;
}

/** A level below `place`, with its keys and what it filters, sorts and rolls up by noted as read. */
export function openLevel(
  compiler: Compiler,
  place: Place,
  { link, name, unique }: LevelWay,
  { scope, where, sort, limit, rollUp }: LevelOptions,
): LevelDraft {
  const asked = [...fieldsIn(where), ...sort.map((key) => key.column)];
  const rolled = rollUp?.value ? [rollUp.value.column] : [];
  const paths = [...asked, ...rolled];
  const [above, own] =
    link.kind === 'forward' ? [link.column, link.by ?? 'id'] : [link.by ?? 'id', link.column];
  // What a unique reference finds needs no choosing by the database; its plans are as they were before there was any.
  const chosen = limit !== null && !(unique && limit === 1 && sort.length === 0);
  const inDatabase = link.kind === 'backward' && (rollUp !== undefined || chosen);
  const level = compiler.level(
    {
      id: levelId(compiler, place.path, name),
      parent: place.level,
      link,
      where,
      sort,
      limit,
      ...(inDatabase ? { derived: derivedColumns(compiler.describe(scope.source), paths) } : {}),
      ...(inDatabase && rollUp !== undefined ? { rollUp } : {}),
    },
    scope.source,
  );
  place.level.reads.add(above);
  for (const path of [own, ...paths]) level.reads.add(path);
  return level;
}

/** The path in the document. A flattened join inside a join has the same path: the column that it follows tells it apart. */
function levelId(compiler: Compiler, path: string, name: string): string {
  const taken = compiler.levels.some((level) => level.id === path);
  return taken ? levelId(compiler, `${path}.${name}`, name) : path;
}
