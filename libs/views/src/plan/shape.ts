import { operatorsOf, valueFault } from '../filter/normalize.js';
import { computeKey } from '../compute/key.js';
import { impurities } from '../compute/purity.js';
import type { AnyColumn } from '../source/columns.js';
import type { ValueColumn } from '../source/description.js';
import {
  expressionOf,
  nameOfScope,
  type ColumnExpression,
  type ComputeExpression,
  type ConstantExpression,
  type Expression,
} from '../shape/expressions.js';
import { backReferenceOf } from '../shape/joins.js';
import { belongs, columnsOf, read, type Compiler, type Place } from './compiler.js';
import { applyHints } from './hints.js';
import { compileJoin } from './join.js';
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

function compileExpression(compiler: Compiler, place: Place, expression: Expression): ShapeNode | null {
  const node = compileBare(compiler, place, expression);
  if (node === null) return null;
  return applyOrElse(compiler, place, applyHints(compiler, place, node, expression.hints), expression.orElse);
}

function compileBare(compiler: Compiler, place: Place, expression: Expression): ShapeNode | null {
  switch (expression.expression) {
    case 'missing': {
      const known = Object.keys(expression.scope.columns).join(', ');
      return compiler.fault(
        place.path,
        `${nameOfScope(expression.scope)} has no column '${expression.name}'.`,
        `Name one of ${known}.`,
      );
    }
    case 'column':
      return compileColumn(compiler, place, expression);
    case 'one':
    case 'many':
      return compileJoin(compiler, place, expression, compileShape);
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
  const column = columnsOf(compiler, place.scope).find((one) => one.name === expression.name);
  if (column === undefined) return null;
  if (column.kind !== 'list') {
    read(place, column.name);
    return valueNode(column);
  }
  for (const item of column.columns) place.level.reads.add(`${column.name}.${item.name}`);
  const fields = column.columns.map((item) => ({ name: item.name, of: valueNode(item) }));
  return { node: 'items', column: column.name, flat: false, where: null, of: { node: 'object', fields } };
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
    case 'compute': {
      const fault =
        operatorsOf(node.kind).length === 0 && node.kind !== 'prose'
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
