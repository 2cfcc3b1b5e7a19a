import { compareValues } from '#views';
import type { FacetAnswer, FacetOf, ValueRange } from '../aggregates.js';
import { SearchRefusedError } from '../errors.js';
import { fieldOf, type Fields } from '../fields.js';
import { comparable, valuesOf, type MemoryDocument } from './document.js';
import { countsOf, groupBy, intervalsIn } from './groups.js';

/** Counts documents by a facet. */
export function countFacet(
  documents: readonly MemoryDocument[],
  facet: FacetOf,
  fields: Fields,
): FacetAnswer {
  switch (facet.kind) {
    case 'values':
      return countValues(documents, facet, fields);
    case 'dates': {
      const groups = groupBy(documents, facet, fields);
      const labels = intervalsIn(groups, facet, facet.limit);
      const listed = new Set(labels);
      let other = 0;
      for (const [label, of] of groups) if (!listed.has(String(label))) other += of.length;
      return {
        kind: 'dates',
        values: labels.map((value) => ({ value, count: groups.get(value)?.length ?? 0 })),
        other,
      };
    }
    case 'ranges':
      if (facet.ranges.length === 0) throw new SearchRefusedError(400, 'a facet of ranges names no range');
      return {
        kind: 'ranges',
        ranges: facet.ranges.map((range) => ({
          ...range,
          count: countRange(documents, facet.field, range, fields),
        })),
      };
  }
}

function countValues(
  documents: readonly MemoryDocument[],
  facet: Extract<FacetOf, { kind: 'values' }>,
  fields: Fields,
): FacetAnswer {
  const counts = countsOf(groupBy(documents, facet, fields));
  const isSelected = new Set(facet.selected);
  const listed = counts.filter(({ value }, at) => at < facet.limit || isSelected.has(value));
  const absent = [...isSelected]
    .filter((value) => !counts.some((count) => count.value === value))
    .sort((a, b) => compareValues(a, b, undefined));
  const sum = (of: readonly { readonly count: number }[]): number =>
    of.reduce((total, { count }) => total + count, 0);
  return {
    kind: 'values',
    values: [...listed, ...absent.map((value) => ({ value, count: 0 }))],
    other: sum(counts) - sum(listed),
  };
}

function countRange(
  documents: readonly MemoryDocument[],
  path: string,
  { from, to }: ValueRange,
  fields: Fields,
): number {
  const field = fieldOf(path, fields);
  const [least, end] = [comparable(from, field), comparable(to, field)];
  const read = valuesOf(field);
  let count = 0;
  for (const document of documents) {
    const isIn = read(document).some(
      (value) =>
        (least === null || compareValues(value, least, undefined) >= 0) &&
        (end === null || compareValues(value, end, undefined) < 0),
    );
    if (isIn) count += 1;
  }
  return count;
}
