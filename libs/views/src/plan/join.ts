import type { JoinExpression, JoinOptions, Scope } from '../shape/expressions.js';
import { read, type Compiler, type CompileShape, type Place } from './compiler.js';
import { openLevel, wayFrom, type LevelWay } from './link.js';
import { compileSort, compileWhere, fieldsIn, optionColumns } from './options.js';
import type { ShapeNode } from './plan.js';

/** `one` or `many`: over a reference back, a reference of this row, or a list of this row. */
export function compileJoin(
  compiler: Compiler,
  place: Place,
  join: JoinExpression,
  compileShape: CompileShape,
): ShapeNode | null {
  const way = wayFrom(compiler, place, join.from, join.expression);
  if (way === null) return null;
  if (join.inner === null)
    return compiler.fault(place.path, 'The join has no shape.', 'Give it a function of the row.');
  const { scope, shape } = join.inner;
  if (way.over === 'items') return compileItems(compiler, place, join, scope, shape, way.list, compileShape);
  if (!checkJoin(compiler, place.path, join, way)) return null;
  const level = openJoinLevel(compiler, place, join, scope, way);
  const several = join.expression === 'many' || place.several;
  const of = compileShape(compiler, { level, scope, path: place.path, several }, shape);
  if (of === null) return null;
  if (join.expression === 'many')
    return { node: 'many', level: level.id, flat: join.options.flat ?? false, of };
  return { node: 'one', level: level.id, required: join.options.required ?? false, of };
}

function compileItems(
  compiler: Compiler,
  place: Place,
  { expression, options }: JoinExpression,
  scope: Scope,
  shape: unknown,
  list: string,
  compileShape: CompileShape,
): ShapeNode | null {
  const { path } = place;
  if (expression === 'one') return compiler.fault(path, `'${list}' holds several.`, 'Use many().');
  if (options.sort !== undefined || options.limit !== undefined) {
    compiler.fault(path, 'A list keeps its order and all its items.', 'Leave sort and limit out.');
  }
  const columns = optionColumns(compiler, scope);
  const where = compileWhere(compiler, path, options.where, columns, 'The list is always empty');
  for (const column of fieldsIn(where)) read(place, scope, column);
  place.level.reads.add(list);
  const of = compileShape(compiler, { ...place, scope, several: true }, shape);
  return of === null ? null : { node: 'items', column: list, flat: options.flat ?? false, where, of };
}

/** Whether the join says which of several rows, and how many. False when it can not be compiled at all. */
function checkJoin(
  compiler: Compiler,
  path: string,
  { expression, options }: JoinExpression,
  { link, name, unique }: LevelWay,
): boolean {
  const { limit } = options;
  if (typeof limit === 'number' && !(Number.isSafeInteger(limit) && limit > 0)) {
    compiler.fault(path, `The limit ${limit} is no whole number above 0.`, `Give a number, or 'unbounded'.`);
  }
  if (link.kind === 'forward') {
    if (link.many && expression === 'one') compiler.fault(path, `'${name}' holds several.`, 'Use many().');
    if (!link.many && expression === 'many') compiler.fault(path, `'${name}' holds one.`, 'Use one().');
    return link.many === (expression === 'many');
  }
  if (expression === 'one' && !unique && options.sort === undefined) {
    compiler.fault(
      path,
      `Several rows may have the same ${name}.`,
      'Add { sort } to say which one, or declare ref(…, { unique: true }).',
    );
  }
  if (expression === 'many' && limit === undefined) {
    compiler.fault(
      path,
      `Any number of rows may have the same ${name}.`,
      `Add { limit } (a number, or 'unbounded').`,
    );
  }
  if (expression === 'many' && limit === 'unbounded' && !unique) {
    compiler.warn(
      path,
      `One document holds every row that has the same ${name}, however many they become.`,
      'Give a number as the limit, or roll them up with count(), sum() and the like.',
    );
  }
  return true;
}

/** What comes of a join whose filter no row can meet. */
function ifNever(place: Place, expression: JoinExpression['expression'], { required }: JoinOptions): string {
  if (expression === 'many') return 'The list is always empty';
  if (required !== true) return 'The join is always null';
  const inDocument = place.level.parent === null && !place.several;
  return inDocument ? 'No event can ever feed this view' : 'What requires the join is always absent';
}

function openJoinLevel(
  compiler: Compiler,
  place: Place,
  { expression, options }: JoinExpression,
  scope: Scope,
  way: LevelWay,
) {
  const columns = optionColumns(compiler, scope);
  const where = compileWhere(
    compiler,
    place.path,
    options.where,
    columns,
    ifNever(place, expression, options),
  );
  const sort = compileSort(compiler, place.path, options.sort, columns);
  const first = expression === 'one' && way.link.kind === 'backward' ? 1 : null;
  const limit = typeof options.limit === 'number' ? options.limit : first;
  return openLevel(compiler, place, way, { scope, where, sort, limit });
}
