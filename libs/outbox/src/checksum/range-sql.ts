import type { IdRange } from '#messaging';
import type { RowsInSql } from '../resync/published-source.js';

/** A condition with its parameters from `$first` on; false for a range that no id can be in. */
export function inRange(
  { id, idType, greatestUpTo }: RowsInSql,
  range: IdRange,
  first: number,
): { readonly sql: string; readonly values: readonly string[] } {
  const after = range.after === null ? null : greatestUpTo(range.after);
  const to = range.to === null ? null : greatestUpTo(range.to);
  if (range.to !== null && to === null) return { sql: 'false', values: [] };
  const bounds = [
    ...(after === null ? [] : [{ operator: '>', value: after }]),
    ...(to === null ? [] : [{ operator: '<=', value: to }]),
  ];
  const conditions = bounds.map(({ operator }, at) => `${id} ${operator} $${first + at}::${idType}`);
  return { sql: ['true', ...conditions].join(' AND '), values: bounds.map(({ value }) => value) };
}

/** Whether `id` is above `bound` by byte. */
export function isAbove(id: string, bound: string | null): boolean {
  return bound !== null && Buffer.compare(Buffer.from(id), Buffer.from(bound)) > 0;
}
