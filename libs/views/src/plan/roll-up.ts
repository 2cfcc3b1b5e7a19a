import {
  expressionOf,
  nameOfScope,
  type ColumnExpression,
  type RollUpExpression,
} from '../shape/expressions.js';
import type { ValueColumn } from '../source/description.js';
import { columnsOf, pathIn, read, type Compiler, type Place } from './compiler.js';
import { openLevel, wayFrom } from './link.js';
import { compileWhere, fieldsIn, optionColumns } from './options.js';
import type { RollUp, RollUpNode, ValueKind } from './plan.js';

const numbers: readonly ValueKind[] = ['int', 'decimal', 'money'];
const extremes: readonly ValueKind[] = [...numbers, 'instant', 'day'];
const comparable: readonly ValueKind[] = [...extremes, 'id', 'string', 'enum', 'bool'];
const kindsFor: { readonly [F in RollUp['fn']]: readonly ValueKind[] } = {
  count: comparable,
  sum: numbers,
  avg: numbers,
  min: extremes,
  max: extremes,
};

/** The column that is rolled up, or null for a count of the rows themselves. */
type Picked = { readonly path: string; readonly column: ValueColumn } | null;

/** `count`, `sum`, …: over a reference back, an array of references, or a list of this row. */
export function compileRollUp(
  compiler: Compiler,
  place: Place,
  expression: RollUpExpression,
): RollUpNode | null {
  const { fn, scope, options } = expression;
  const way = wayFrom(compiler, place, expression.from, fn);
  if (way === null || scope === null) return null;
  const { path } = place;
  if (way.over === 'level' && way.link.kind === 'forward' && !way.link.many) {
    return compiler.fault(
      path,
      `'${way.name}' holds one, and ${fn}() rolls up several.`,
      'Follow it with one().',
    );
  }
  const columns = optionColumns(compiler, scope);
  const where = compileWhere(compiler, path, options.where, columns, `${fn}() never finds anything`);
  const picked = compilePick(compiler, path, expression);
  if (picked === undefined) return null;
  const rollUp = rollUpOf(expression, picked);
  if (way.over === 'items') {
    place.level.reads.add(way.list);
    for (const column of fieldsIn(where)) read(place, scope, column);
    if (picked !== null) place.level.reads.add(picked.path);
    return nodeOf(rollUp, picked, { items: way.list, where });
  }
  const level = openLevel(compiler, place, way, { scope, where, sort: [], limit: null, rollUp });
  return nodeOf(rollUp, picked, { level: level.id });
}

function rollUpOf({ fn, options }: RollUpExpression, picked: Picked): RollUp {
  const distinct = options.distinct !== undefined;
  if (picked === null) return { fn, value: null, distinct: false };
  const { kind, array } = picked.column;
  return { fn, value: { column: picked.path, kind, array }, distinct };
}

function nodeOf(rollUp: RollUp, picked: Picked, over: RollUpNode['over']): RollUpNode {
  const { fn } = rollUp;
  const own = picked?.column.kind ?? 'int';
  const kind = fn === 'count' ? 'int' : fn === 'avg' ? 'decimal' : own;
  const currency = kind === 'money' ? picked?.column.currency : undefined;
  return {
    node: 'rollUp',
    over,
    rollUp,
    kind,
    nullable: fn !== 'count' && fn !== 'sum',
    ...(currency === undefined ? {} : { currency }),
    hints: {},
  };
}

/** What the pick function named; undefined after a fault. */
function compilePick(
  compiler: Compiler,
  path: string,
  { fn, scope, value, options }: RollUpExpression,
): Picked | undefined {
  if (fn === 'count' && options.distinct === undefined) return null;
  const field = expressionOf(value);
  const remedy = `Return a column of the row from the function, such as ${example[fn]}.`;
  if (field?.expression === 'missing') {
    compiler.missing(path, field);
    return undefined;
  }
  if (scope === null || field?.expression !== 'column') {
    compiler.fault(path, `${fn}() rolls up a column of its rows, and is given none.`, remedy);
    return undefined;
  }
  if (field.scope !== scope && field.scope !== scope.owner) {
    const [own, other] = [nameOfScope(scope), nameOfScope(field.scope)];
    compiler.fault(path, `'${field.name}' belongs to '${other}', and ${fn}() rolls up '${own}'.`, remedy);
    return undefined;
  }
  checkNothingLost(compiler, path, fn, field);
  const column = columnsOf(compiler, field.scope).find((one) => one.name === field.name);
  if (column === undefined) return undefined;
  if (column.kind === 'list' || !kindsFor[fn].includes(column.kind)) {
    compiler.fault(
      path,
      `${fn}() does not fit a ${column.kind} column.`,
      `It takes one of ${kindsFor[fn].join(', ')}.`,
    );
    return undefined;
  }
  return { path: pathIn(field.scope, field.name), column };
}

const example: { readonly [F in RollUp['fn']]: string } = {
  count: 'count(order.customerId, { distinct: (o) => o.status })',
  sum: 'sum(order.customerId, (o) => o.total)',
  avg: 'avg(review.sellerId, (r) => r.stars)',
  min: 'min(order.customerId, (o) => o.placedAt)',
  max: 'max(order.customerId, (o) => o.placedAt)',
};

/** The document holds the number alone, so what is said of the single values has no effect. */
function checkNothingLost(compiler: Compiler, path: string, fn: RollUp['fn'], field: ColumnExpression): void {
  for (const hint of Object.keys(field.hints)) {
    const problem = `${hint}() is lost inside ${fn}(): the document holds only what was rolled up.`;
    // A document that looks guarded and is not would be shown to everybody.
    if (hint === 'guard') compiler.fault(path, problem, 'Guard a field of the document.');
    else
      compiler.warn(
        path,
        problem,
        fn === 'count' ? 'Leave it out.' : `Leave it out, or give the hint to the roll-up itself.`,
      );
  }
  if (field.orElse !== undefined) {
    compiler.fault(
      path,
      `orElse() is lost inside ${fn}(): nulls are left out.`,
      `Leave it out, or write orElse(${fn}(…), …).`,
    );
  }
}
