import {
  expressionOf,
  nameOfScope,
  type ColumnExpression,
  type JoinExpression,
  type Scope,
} from '../shape/expressions.js';
import { backReferenceOf } from '../shape/joins.js';
import type { ColumnDef } from '../source/columns.js';
import { targetOf } from '../source/describe.js';
import type { Source } from '../source/source.js';
import {
  belongs,
  columnsOf,
  read,
  referenceIn,
  type Compiler,
  type CompileShape,
  type LevelDraft,
  type Place,
} from './compiler.js';
import { compileSort, compileWhere, fieldsIn } from './options.js';
import type { Link, ShapeNode } from './plan.js';

/** `one` or `many`: over a reference back, a reference of this row, or a list of this row. */
export function compileJoin(
  compiler: Compiler,
  place: Place,
  join: JoinExpression,
  compileShape: CompileShape,
): ShapeNode | null {
  const back = backReferenceOf(join.from);
  if (back !== null) return compileBackward(compiler, place, join, back, compileShape);
  const field = expressionOf(join.from);
  if (field?.expression !== 'column') {
    return compiler.fault(
      place.path,
      `${join.expression}() follows nothing.`,
      'Give it a reference or a list of the row.',
    );
  }
  if (!belongs(compiler, place, field)) return null;
  if (field.def.kind === 'list') return compileItems(compiler, place, join, field, compileShape);
  return compileForward(compiler, place, join, field, compileShape);
}

function compileItems(
  compiler: Compiler,
  place: Place,
  join: JoinExpression,
  field: ColumnExpression,
  compileShape: CompileShape,
): ShapeNode | null {
  const { path } = place;
  if (join.expression === 'one') return compiler.fault(path, `'${field.name}' holds several.`, 'Use many().');
  if (join.inner === null)
    return compiler.fault(path, 'The join has no shape.', 'Give it a function of the row.');
  if (join.options.sort !== undefined || join.options.limit !== undefined) {
    compiler.fault(path, 'A list keeps its order and all its items.', 'Leave sort and limit out.');
  }
  const where = compileWhere(compiler, path, join.options.where, columnsOf(compiler, join.inner.scope));
  const inside: Place = { ...place, scope: join.inner.scope, several: true };
  for (const column of fieldsIn(where)) read(inside, column);
  place.level.reads.add(field.name);
  const of = compileShape(compiler, inside, join.inner.shape);
  return of === null
    ? null
    : { node: 'items', column: field.name, flat: join.options.flat ?? false, where, of };
}

function compileForward(
  compiler: Compiler,
  place: Place,
  join: JoinExpression,
  field: ColumnExpression,
  compileShape: CompileShape,
): ShapeNode | null {
  const reference = referenceIn(field.def);
  const { path } = place;
  if (reference === null) {
    return compiler.fault(
      path,
      `'${field.name}' is no reference.`,
      `${join.expression}() follows ref(), not a ${field.def.kind} column.`,
    );
  }
  const several = field.def.kind === 'array';
  if (several && join.expression === 'one')
    return compiler.fault(path, `'${field.name}' holds several.`, 'Use many().');
  if (!several && join.expression === 'many')
    return compiler.fault(path, `'${field.name}' holds one.`, 'Use one().');
  if (
    compiler
      .describe(targetOf(field.scope.source, reference))
      .columns.every((one) => one.name !== reference.by)
  ) {
    return compiler.fault(
      path,
      `'${field.name}' refers by a column that is not there.`,
      'Name a column of the source that it refers to.',
    );
  }
  const column = read(place, field.name);
  const link: Link = { kind: 'forward', column, many: several, ...names(reference.by, oldName(field.def)) };
  const level = openLevel(compiler, place, join, link, field.name);
  if (level === null) return null;
  level.reads.add(reference.by);
  return closeJoin(compiler, place, join, level, compileShape);
}

function compileBackward(
  compiler: Compiler,
  place: Place,
  join: JoinExpression,
  { source, column }: { readonly source: Source; readonly column: string },
  compileShape: CompileShape,
): ShapeNode | null {
  const { path, scope } = place;
  const name = `${source.name}.${column}`;
  if (column.includes('.')) {
    return compiler.fault(
      path,
      `'${name}' lies in a list.`,
      'Joins backwards over the items of a list are not there.',
    );
  }
  const def = (source.columns as Scope['columns'])[column];
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
  checkBackward(compiler, path, join, name, reference.unique && def.kind === 'ref');
  const was = oldName((target.columns as Scope['columns'])[reference.by]);
  const link: Link = { kind: 'backward', column, many: def.kind === 'array', ...names(reference.by, was) };
  const level = openLevel(compiler, place, join, link, name);
  if (level === null) return null;
  level.reads.add(column);
  place.level.reads.add(reference.by);
  return closeJoin(compiler, place, join, level, compileShape);
}

function oldName(def: ColumnDef | undefined): string | undefined {
  return def?.kind === 'array' ? (def.item as ColumnDef).detail.was : def?.detail.was;
}

function names(by: string, was: string | undefined): Pick<Link, 'by' | 'was'> {
  return { ...(by === 'id' ? {} : { by }), ...(was === undefined ? {} : { was }) };
}

function checkBackward(
  compiler: Compiler,
  path: string,
  { expression, options }: JoinExpression,
  name: string,
  unique: boolean,
): void {
  if (expression === 'one' && !unique && options.sort === undefined) {
    compiler.fault(
      path,
      `Several rows may have the same ${name}.`,
      'Add { sort } to say which one, or declare ref(…, { unique: true }).',
    );
  }
  if (expression === 'many' && options.limit === undefined) {
    compiler.fault(
      path,
      `Any number of rows may have the same ${name}.`,
      `Add { limit } (a number, or 'unbounded').`,
    );
  }
}

function openLevel(
  compiler: Compiler,
  place: Place,
  join: JoinExpression,
  link: Link,
  name: string,
): LevelDraft | null {
  const { path } = place;
  const { options, inner, expression } = join;
  if (inner === null) return compiler.fault(path, 'The join has no shape.', 'Give it a function of the row.');
  const { limit } = options;
  if (typeof limit === 'number' && !(Number.isSafeInteger(limit) && limit > 0)) {
    compiler.fault(path, `The limit ${limit} is no whole number above 0.`, `Give a number, or 'unbounded'.`);
  }
  const columns = columnsOf(compiler, inner.scope);
  const where = compileWhere(compiler, path, options.where, columns);
  const sort = compileSort(compiler, path, options.sort, columns);
  const most =
    typeof limit === 'number' ? limit : expression === 'one' && link.kind === 'backward' ? 1 : null;
  const level = compiler.level(
    { id: levelId(compiler, path, name), parent: place.level, link, where, sort, limit: most },
    inner.scope.source,
  );
  for (const column of [...fieldsIn(where), ...sort.map((key) => key.column)]) level.reads.add(column);
  return level;
}

/** The path in the document. A flattened join inside a join has the same path: the column that it follows tells it apart. */
function levelId(compiler: Compiler, path: string, name: string): string {
  const taken = compiler.levels.some((level) => level.id === path);
  return taken ? levelId(compiler, `${path}.${name}`, name) : path;
}

function closeJoin(
  compiler: Compiler,
  place: Place,
  join: JoinExpression,
  level: LevelDraft,
  compileShape: CompileShape,
): ShapeNode | null {
  if (join.inner === null) return null;
  const several = join.expression === 'many' || place.several;
  const of = compileShape(
    compiler,
    { level, scope: join.inner.scope, path: place.path, several },
    join.inner.shape,
  );
  if (of === null) return null;
  if (join.expression === 'many')
    return { node: 'many', level: level.id, flat: join.options.flat ?? false, of };
  return { node: 'one', level: level.id, required: join.options.required ?? false, of };
}
