import { compareValues } from '#views';
import type { ValueCount } from './aggregates.js';

/** The order of counted values: the greatest count first, and then by value. */
export function compareCounts(a: ValueCount, b: ValueCount): number {
  return b.count - a.count || compareValues(a.value, b.value, undefined);
}
