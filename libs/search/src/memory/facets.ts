import { compareValues } from '#views';
import type { FacetAnswer, FacetOf, ValueRange } from '../aggregates.js';
import { SearchRefusedError } from '../errors.js';
import { hasMarked, marksOf } from './column.js';
import { byCount, byTime, compareGroups, groupBy, sizeOf, type Group } from './groups.js';
import type { Rows } from './table.js';
import { comparable, type Comparable } from './values.js';

/** Counts documents by a facet. */
export function countFacet(rows: Rows, facet: FacetOf): FacetAnswer {
  switch (facet.kind) {
    case 'values':
      return countValues(rows, facet);
    case 'dates': {
      const groups = groupBy(rows, facet);
      const listed = byTime(groups, facet, facet.limit);
      return {
        kind: 'dates',
        values: listed.map(({ name, count }) => ({ value: String(name), count })),
        other: sizeOf(groups) - sizeOf(listed),
      };
    }
    case 'ranges':
      if (facet.ranges.length === 0) throw new SearchRefusedError(400, 'a facet of ranges names no range');
      return {
        kind: 'ranges',
        ranges: facet.ranges.map((range) => ({
          ...range,
          count: countRange(rows, facet.field, range),
        })),
      };
  }
}

function countValues(rows: Rows, facet: Extract<FacetOf, { kind: 'values' }>): FacetAnswer {
  const groups = groupBy(rows, facet);
  const first = byCount(groups, facet.limit);
  const listed = new Set(first.map(({ name }) => name));
  const selected = new Map(
    facet.selected
      .filter((value) => !listed.has(value))
      .map((name): [Comparable, Group] => [name, { name, count: 0 }]),
  );
  for (const group of groups) if (selected.has(group.name)) selected.set(group.name, group);
  const all = [...first, ...[...selected.values()].sort(compareGroups)];
  return {
    kind: 'values',
    values: all.map(({ name, count }) => ({ value: name, count })),
    other: sizeOf(groups) - sizeOf(all),
  };
}

function countRange({ table, rows }: Rows, path: string, { from, to }: ValueRange): number {
  const column = table.column(path);
  const [least, end] = [comparable(from, column.field), comparable(to, column.field)];
  const marks = marksOf(
    column,
    (value) =>
      (least === null || compareValues(value, least, undefined) >= 0) &&
      (end === null || compareValues(value, end, undefined) < 0),
  );
  const isIn = hasMarked(column, column.starts, marks);
  let count = 0;
  for (const row of rows) if (isIn(row)) count += 1;
  return count;
}
