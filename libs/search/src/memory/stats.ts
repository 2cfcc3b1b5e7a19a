import { compareValues } from '#views';
import type { Metric, StatsAnswer, StatsGroup, StatsRequest } from '../aggregates.js';
import type { Column } from './column.js';
import { byCount, byTime, groupBy, rowsOf, sizeOf } from './groups.js';
import type { Rows } from './table.js';
import { shown, type Comparable } from './values.js';

export function figuresOf(
  found: Rows,
  { by, metrics, limit }: Pick<StatsRequest, 'by' | 'metrics' | 'limit'>,
): StatsAnswer {
  const columns = metrics.map(({ op, field }) => ({ op, column: found.table.column(field) }));
  const figuresIn = (key: StatsGroup['key'], rows: readonly number[]): StatsGroup => ({
    key,
    count: rows.length,
    metrics: columns.map(({ op, column }) => figureOf(op, column, rows)),
  });
  if (by === null) return { groups: [figuresIn(null, found.rows)], other: 0 };
  const groups = groupBy(found, by);
  const listed = by.kind === 'dates' ? byTime(groups, by, limit) : byCount(groups, limit);
  const rows = rowsOf(listed, found, by);
  return {
    groups: listed.map(({ name }) => figuresIn(name, rows.get(name) ?? [])),
    other: sizeOf(groups) - sizeOf(listed),
  };
}

function figureOf(op: Metric['op'], column: Column, rows: readonly number[]): number | string | null {
  let [count, sum] = [0, 0];
  let [least, greatest]: [Comparable | null, Comparable | null] = [null, null];
  const isOfEnds = op === 'min' || op === 'max';
  eachValue(column, rows, (value) => {
    count += 1;
    sum += Number(value);
    if (!isOfEnds) return;
    if (least === null || compareValues(value, least, undefined) < 0) least = value;
    if (greatest === null || compareValues(value, greatest, undefined) > 0) greatest = value;
  });
  if (op === 'sum') return sum;
  if (op === 'avg') return count === 0 ? null : sum / count;
  const end: Comparable | null = op === 'min' ? least : greatest;
  if (end === null) return null;
  const figure = shown(end, column.field);
  return typeof figure === 'boolean' ? null : figure;
}

function eachValue(
  { numbers, starts, values }: Column,
  rows: readonly number[],
  visit: (value: Comparable) => void,
): void {
  for (const row of rows) {
    const end = starts[row + 1] ?? 0;
    for (let at = starts[row] ?? 0; at < end; at += 1) {
      const value = values[numbers[at] ?? 0] ?? null;
      if (value !== null) visit(value);
    }
  }
}
