import { operatorsOf, valueFault } from '../filter/normalize.js';
import { computeKey } from '../compute/key.js';
import { impurities } from '../compute/purity.js';
import type { AnyColumn } from '../source/columns.js';
import type { ValueColumn } from '../source/description.js';
import {
  backReferenceOf,
  expressionOf,
  type ColumnExpression,
  type ComputeExpression,
  type ConstantExpression,
  type Expression,
} from '../shape/expressions.js';
import { belongs, columnsOf, read, type Compiler, type Place } from './compiler.js';
import { applyHints, isGuarded } from './hints.js';
import { compileJoin } from './join.js';
import { compileRollUp } from './roll-up.js';
import type { ComputeNode, FilterValue, ShapeNode, ValueKind, ValueNode } from './plan.js';

const fieldPattern = /^[A-Za-z][A-Za-z0-9_]*$/;
const reserved = new Set(['and', 'or', 'not']);

/** A shape, or a part of one, as the plan has it; null after a fault. */
export function compileShape(compiler: Compiler, place: Place, shape: unknown): ShapeNode | null {
  const expression = expressionOf(shape);
  if (expression !== undefined) return compileExpression(compiler, place, expression);
  const { path } = place;
  if (shape === undefined)
    return compiler.fault(path, 'The value is undefined.', 'Name a column of the row.');
  if (typeof shape === 'function') return compiler.fault(path, 'The value is a function.', 'Call it.');
  if (backReferenceOf(shape) !== null) {
    return compiler.fault(
      path,
      'The value is a reference of another source.',
      'Follow it with one() or many().',
    );
  }
  if (isPlainObject(shape)) return compileObject(compiler, place, shape);
  return compiler.fault(
    path,
    `The value is plain: ${JSON.stringify(shape)}.`,
    'Derive with compute(), or write constant(…).',
  );
}

function compileObject(compiler: Compiler, place: Place, shape: Record<string, unknown>): ShapeNode {
  warnOfLikeNames(compiler, place, Object.keys(shape));
  const fields = Object.entries(shape).flatMap(([name, value]) => {
    const path = place.path === '' ? name : `${place.path}.${name}`;
    if (!fieldPattern.test(name)) {
      compiler.fault(
        path,
        `'${name}' is no name for a field.`,
        'Use a letter, then letters, digits or underscores.',
      );
    }
    if (reserved.has(name)) {
      compiler.fault(path, `'${name}' is a word of the filter grammar.`, 'Choose another name.');
    }
    const of = compileShape(compiler, { ...place, path }, value);
    return of === null ? [] : [{ name, of }];
  });
  if (fields.length === 0 && Object.keys(shape).length === 0) {
    compiler.fault(place.path, 'The shape is empty.', 'Name at least one field.');
  }
  return { node: 'object', fields };
}

/** Read aloud, typed into a query, or stored by a tool that folds case, they are one name. */
function warnOfLikeNames(compiler: Compiler, { path }: Place, names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const before = seen.get(name.toLowerCase());
    if (before !== undefined)
      compiler.warn(path, `'${before}' and '${name}' differ only in case.`, 'Rename one of them.');
    seen.set(name.toLowerCase(), name);
  }
}

function compileExpression(compiler: Compiler, place: Place, expression: Expression): ShapeNode | null {
  const node = compileBare(compiler, place, expression);
  if (node === null) return null;
  return applyOrElse(compiler, place, applyHints(compiler, place, node, expression.hints), expression.orElse);
}

function compileBare(compiler: Compiler, place: Place, expression: Expression): ShapeNode | null {
  switch (expression.expression) {
    case 'missing':
      return compiler.missing(place.path, expression);
    case 'column':
      return compileColumn(compiler, place, expression);
    case 'one':
    case 'many':
      return compileJoin(compiler, place, expression, compileShape);
    case 'rollUp':
      return compileRollUp(compiler, place, expression);
    case 'constant':
      return { node: 'constant', value: expression.value, kind: constantKind(expression), hints: {} };
    case 'compute':
      return compileCompute(compiler, place, expression);
  }
}

function constantKind({ value }: ConstantExpression): ValueKind {
  if (typeof value === 'string') return 'string';
  return typeof value === 'number' ? 'decimal' : 'bool';
}

function compileColumn(compiler: Compiler, place: Place, expression: ColumnExpression): ShapeNode | null {
  if (!belongs(compiler, place, expression)) return null;
  const { scope, name } = expression;
  const column = columnsOf(compiler, scope).find((one) => one.name === name);
  if (column === undefined) return null;
  if (column.kind !== 'list') {
    read(place, scope, name);
    const node = valueNode(column);
    return scope === place.scope ? node : { ...node, ofOwner: true };
  }
  for (const item of column.columns) place.level.reads.add(`${name}.${item.name}`);
  const fields = column.columns.map((item) => ({ name: item.name, of: valueNode(item) }));
  return { node: 'items', column: name, flat: false, where: null, of: { node: 'object', fields } };
}

export function valueNode(column: ValueColumn): ValueNode {
  const { name, kind, array, nullable, values, currency } = column;
  return {
    node: 'value',
    column: name,
    kind,
    array,
    nullable,
    ...(values === undefined ? {} : { values }),
    ...(currency === undefined ? {} : { currency }),
    hints: {},
  };
}

function compileCompute(compiler: Compiler, place: Place, expression: ComputeExpression): ComputeNode | null {
  const { path } = place;
  const inputs = expression.inputs.map((input, i) =>
    compileShape(compiler, { ...place, path: `${path}.${i}` }, input),
  );
  const found = expression.version === null ? impurities(expression.run.toString()) : [];
  if (found.length > 0) {
    compiler.fault(
      path,
      `The compute function uses more than its inputs: ${found.join(', ')}.`,
      `Pass it as an input, or vouch for the function with { version: '1' } and change the version with it.`,
    );
  }
  const key = computeKey(expression, path);
  compiler.computes.set(key, expression.run);
  const present = inputs.filter((input) => input !== null);
  // A document that looks guarded and is not would be shown to everybody.
  if (present.some(isGuarded))
    compiler.fault(
      path,
      'guard() is lost inside compute(): the document holds only what was computed.',
      'Guard a field of the document, or guard what compute() makes.',
    );
  return present.length < inputs.length
    ? null
    : { node: 'compute', key, inputs: present, ...kindOf(expression.column), hints: {} };
}

function kindOf({
  kind,
  nullable,
  detail,
}: AnyColumn): Pick<ComputeNode, 'kind' | 'nullable' | 'values' | 'currency'> {
  const values = detail.values === undefined ? {} : { values: detail.values };
  return {
    kind,
    nullable,
    ...values,
    ...(detail.currency === undefined ? {} : { currency: detail.currency }),
  };
}

/** `orElse` reaches into a flattened `one`, so that a null column and a missing partner read the same. */
function applyOrElse(
  compiler: Compiler,
  place: Place,
  node: ShapeNode,
  value: FilterValue | undefined,
): ShapeNode {
  if (value === undefined) return node;
  switch (node.node) {
    case 'value':
    case 'rollUp':
    case 'compute': {
      const fault =
        operatorsOf(node).length === 0 && node.kind !== 'prose'
          ? 'has no such values'
          : valueFault(node, value);
      if (fault !== null)
        compiler.fault(
          place.path,
          `orElse(${JSON.stringify(value)}) ${fault}.`,
          'Give a value of the field’s kind.',
        );
      return { ...node, orElse: value };
    }
    case 'one': {
      const of = applyOrElse(compiler, place, node.of, value);
      return { ...node, of, orElse: value };
    }
    case 'constant':
    case 'object':
    case 'many':
    case 'items':
      compiler.fault(
        place.path,
        'orElse() stands for a single value, and this is none that can be null.',
        'Leave it out.',
      );
      return node;
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
