import { compareValues } from '../filter/compare.js';
import type { RollUp } from '../plan/plan.js';
import { exactSum } from './exact-sum.js';

export type RolledUp = number | string | null;

/** What a roll-up of nothing gives. */
export function rollUpOfNothing({ fn }: RollUp): RolledUp {
  return fn === 'count' || fn === 'sum' ? 0 : null;
}

/**
 * Rolls up the values that `rollUp.value` names (for a count of rows: anything, one each), in the order of their rows.
 * Of several that are equally small or great, such as one instant written in two ways, `min` and `max` give the first.
 */
export function rollUpValues(rollUp: RollUp, values: readonly unknown[]): RolledUp {
  const { fn, value, distinct } = rollUp;
  if (value === null) return values.length;
  const present = values.filter((one) => one !== null && one !== undefined);
  if (fn === 'count') return distinct ? countDistinct(rollUp, present) : present.length;
  if (present.length === 0) return rollUpOfNothing(rollUp);
  if (fn === 'sum') return exactSum(present.map(Number));
  if (fn === 'avg') return average(exactSum(present.map(Number)), present.length);
  const as = value.kind === 'instant' ? 'instant' : undefined;
  const sign = fn === 'min' ? 1 : -1;
  return present.reduce((best, one) => (sign * compareValues(one, best, as) < 0 ? one : best)) as RolledUp;
}

/** One division, of the rounded sum, wherever the sum was made. */
export function average(sum: number, count: number): number {
  return sum / count;
}

/** Instants are equal as points in time, everything else by its text. */
function countDistinct({ value }: RollUp, values: readonly unknown[]): number {
  if (value?.kind !== 'instant') return new Set(values).size;
  const sorted = [...values].sort((a, b) => compareValues(a, b, 'instant'));
  return sorted.filter((one, i) => i === 0 || compareValues(sorted[i - 1], one, 'instant') !== 0).length;
}
