import { compareValues } from '#views';
import type { Metric, StatsAnswer, StatsGroup, StatsRequest } from '../aggregates.js';
import { fieldOf, type Fields } from '../fields.js';
import { shown, valuesOf, type Comparable, type MemoryDocument } from './document.js';
import { byCount, groupBy, intervalsIn } from './groups.js';

export function figuresOf(
  documents: readonly MemoryDocument[],
  { by, metrics, limit }: Pick<StatsRequest, 'by' | 'metrics' | 'limit'>,
  fields: Fields,
): StatsAnswer {
  const groupOf = (key: StatsGroup['key'], of: readonly MemoryDocument[]): StatsGroup => ({
    key,
    count: of.length,
    metrics: metrics.map((metric) => figureOf(of, metric, fields)),
  });
  if (by === null) return { groups: [groupOf(null, documents)], other: 0 };
  const groups = groupBy(documents, by, fields);
  const listed =
    by.kind === 'dates'
      ? intervalsIn(groups, by, limit).map((label) => groupOf(label, groups.get(label) ?? []))
      : byCount(groups)
          .slice(0, limit)
          .map(([value, of]) => groupOf(value, of));
  let all = 0;
  for (const of of groups.values()) all += of.length;
  return { groups: listed, other: all - listed.reduce((sum, { count }) => sum + count, 0) };
}

function figureOf(
  documents: readonly MemoryDocument[],
  { op, field: path }: Metric,
  fields: Fields,
): number | string | null {
  const field = fieldOf(path, fields);
  const read = valuesOf(field);
  let [count, sum] = [0, 0];
  let [least, greatest]: (Comparable | null)[] = [null, null];
  for (const document of documents) {
    for (const value of read(document)) {
      count += 1;
      sum += Number(value);
      if (least === null || least === undefined || compareValues(value, least, undefined) < 0) least = value;
      if (greatest === null || greatest === undefined || compareValues(value, greatest, undefined) > 0)
        greatest = value;
    }
  }
  if (op === 'sum') return sum;
  if (op === 'avg') return count === 0 ? null : sum / count;
  const end = op === 'min' ? least : greatest;
  if (end === null || end === undefined) return null;
  const figure = shown(end, field);
  return typeof figure === 'boolean' ? null : figure;
}
