import type { Filter } from '../plan/plan.js';
import { compareValues } from './compare.js';
import { isNear } from './near.js';

type Condition = Extract<Filter, { kind: 'condition' }>;

/**
 * Whether a filter holds for the values that `valueOf` gives by field: null (or undefined) is missing, an array holds
 * several values. The meaning of every operator is that of `FilterOp`.
 */
export function matches(filter: Filter | null, valueOf: (field: string) => unknown): boolean {
  if (filter === null) return true;
  switch (filter.kind) {
    case 'and':
      return filter.of.every((one) => matches(one, valueOf));
    case 'or':
      return filter.of.some((one) => matches(one, valueOf));
    case 'not':
      return !matches(filter.of, valueOf);
    case 'condition':
      return holds(filter, presentValues(valueOf(filter.field)));
  }
}

function presentValues(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value.filter((one) => one !== null && one !== undefined) : [value];
}

function holds(condition: Condition, values: readonly unknown[]): boolean {
  if (condition.op === 'exists') return condition.values[0] === values.length > 0;
  if (values.length === 0) return false;
  if (condition.op === 'all') return holdsAll(condition, values);
  if (condition.op === 'ne') return !values.some((value) => equalsAny(condition, value));
  return values.some((value) => holdsFor(condition, value));
}

function equalsAny({ values, as }: Condition, value: unknown): boolean {
  return values.some((one) => typeof one === typeof value && compareValues(value, one, as) === 0);
}

function holdsAll(condition: Condition, values: readonly unknown[]): boolean {
  if (condition.values.length === 0) return false;
  return condition.values.every((wanted) =>
    values.some((value) => equalsAny({ ...condition, values: [wanted] }, value)),
  );
}

function holdsFor(condition: Condition, value: unknown): boolean {
  const [operand] = condition.values;
  switch (condition.op) {
    case 'eq':
      return equalsAny(condition, value);
    case 'ne':
      return !equalsAny(condition, value);
    case 'gt':
      return compareValues(value, operand, condition.as) > 0;
    case 'gte':
      return compareValues(value, operand, condition.as) >= 0;
    case 'lt':
      return compareValues(value, operand, condition.as) < 0;
    case 'lte':
      return compareValues(value, operand, condition.as) <= 0;
    case 'prefix':
      return typeof value === 'string' && typeof operand === 'string' && value.startsWith(operand);
    case 'near':
      return isNear(condition.values, value);
    case 'all':
      return holdsAll(condition, [value]);
    case 'exists':
      return condition.values[0] === true;
  }
}
