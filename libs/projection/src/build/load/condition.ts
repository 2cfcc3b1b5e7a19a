import type { Filter, FilterOp, FilterValue } from '#views';
import { sqlTypeOf } from '../../copies/derived-values.js';
import { textLimit } from '../../copies/value-functions.js';
import type { ValueSql } from './elements.js';

type Condition = Extract<Filter, { kind: 'condition' }>;

/** Takes a value of the query and gives what stands for it in the text (`$3`). */
export type Bind = (value: unknown) => string;

/**
 * A filter as a condition of SQL that is true exactly where `matches` of the view language is. Elsewhere it may be
 * false or null: a missing value makes a condition null, which `and` and `or` take for false in the end, and `not` does
 * not, so that what stands below a `not` is made two-valued.
 */
export function conditionSql(filter: Filter, valueOf: (column: string) => ValueSql, bind: Bind): string {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      if (filter.of.length === 0) return filter.kind === 'and' ? 'true' : 'false';
      const of = filter.of.map((one) => conditionSql(one, valueOf, bind));
      return `(${of.join(filter.kind === 'and' ? ' AND ' : ' OR ')})`;
    }
    case 'not':
      return `NOT coalesce(${conditionSql(filter.of, valueOf, bind)}, false)`;
    case 'condition':
      return comparisonSql(filter, valueOf(filter.field), bind);
  }
}

function comparisonSql(condition: Condition, value: ValueSql, bind: Bind): string {
  const { op } = condition;
  if (op === 'exists') {
    const present = value.array ? `coalesce(cardinality(${value.sql}), 0) > 0` : `${value.sql} IS NOT NULL`;
    return condition.values[0] === true ? present : `NOT (${present})`;
  }
  if (op === 'all' || op === 'near')
    throw new TypeError(`'${op}' is asked of documents only, and '${condition.field}' is a column.`);
  const values = condition.values.filter((one) => fits(value, one));
  // Shortened texts are equal to, before and after a short operand as the whole texts are, and begin with it alike.
  const subject = values.some(isLong) && value.kind !== 'instant' ? value.whole : value.sql;
  const operands = values.map((one) => operandSql(value, one, bind));
  return value.array ? onArray(op, subject, operands) : onValue(op, subject, operands);
}

/** An operand of another type than the values equals none, and has no order with them. */
function fits({ kind }: ValueSql, operand: FilterValue): boolean {
  const type = sqlTypeOf(kind);
  if (type === 'text') return typeof operand === 'string';
  return typeof operand === (type === 'boolean' ? 'boolean' : 'number');
}

function isLong(operand: FilterValue): boolean {
  return typeof operand === 'string' && operand.length > textLimit;
}

function operandSql({ kind }: ValueSql, operand: FilterValue, bind: Bind): string {
  if (kind === 'instant') return `prejoin_instant_key(${bind(operand)}::text)`;
  const type = sqlTypeOf(kind);
  // An index of whole numbers is not read for a numeric operand.
  if (type === 'bigint' && !Number.isSafeInteger(operand)) return `${bind(operand)}::numeric`;
  return `${bind(operand)}::${type}`;
}

const comparisons = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
type Comparison = Exclude<FilterOp, 'exists' | 'all' | 'near'>;

function onValue(op: Comparison, subject: string, operands: readonly string[]): string {
  const [operand] = operands;
  if (op === 'ne')
    return operand === undefined
      ? `${subject} IS NOT NULL`
      : `${subject} <> ALL (ARRAY[${operands.join(', ')}])`;
  if (operand === undefined) return 'false';
  if (op === 'prefix') return `starts_with(${subject}, ${operand})`;
  if (op !== 'eq') return `${subject} ${comparisons[op]} ${operand}`;
  // Only of a plain equation the planner knows that an index ordered by this column first is ordered by the next.
  return operands.length === 1
    ? `${subject} = ${operand}`
    : `${subject} = ANY (ARRAY[${operands.join(', ')}])`;
}

function onArray(op: Comparison, subject: string, operands: readonly string[]): string {
  const any = operands.length === 0 ? 'false' : `${subject} && ARRAY[${operands.join(', ')}]`;
  if (op === 'eq') return any;
  if (op === 'ne') return `(cardinality(${subject}) > 0 AND NOT (${any}))`;
  return `EXISTS (SELECT FROM unnest(${subject}) AS one (value) WHERE ${onValue(op, 'one.value', operands)})`;
}
