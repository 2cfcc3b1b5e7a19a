import type { FilterValue, QueryField } from '#views';
import type { DateGrouping, DateInterval, ValueCount } from '../aggregates.js';
import { fillGaps } from '../intervals.js';
import type { Query } from './filter.js';

/** One bucket, with whatever aggregations stand in it. */
export interface Bucket {
  readonly key: string | number;
  readonly key_as_string?: string;
  readonly doc_count: number;
  readonly [aggregation: string]: unknown;
}

export interface Buckets {
  readonly buckets: readonly Bucket[];
  readonly sum_other_doc_count?: number;
}

const formats: Readonly<Record<DateInterval, string>> = {
  hour: "uuuu-MM-dd'T'HH",
  day: 'uuuu-MM-dd',
  week: 'uuuu-MM-dd',
  month: 'uuuu-MM',
  quarter: "uuuu-'Q'q",
  year: 'uuuu',
};

export function termsOf(field: QueryField, limit: number): Query {
  // Elasticsearch takes no 0; what is too much is cut off when it is read.
  const size = Math.max(limit, 1);
  return { terms: { field: field.path, size, order: [{ _count: 'desc' }, { _key: 'asc' }] } };
}

/** Intervals with documents only: gaps are filled when it is read, so that a single early date costs nothing. */
export function datesOf({ interval, zone }: DateGrouping, field: QueryField): Query {
  return {
    date_histogram: {
      field: field.path,
      calendar_interval: interval,
      format: formats[interval],
      min_doc_count: 1,
      ...(field.kind === 'day' ? {} : { time_zone: zone }),
    },
  };
}

/** The value that a bucket of `termsOf` counts, as documents have it. */
export function keyOf({ key }: Bucket, field: QueryField): FilterValue {
  if (field.kind === 'bool') return key === 1;
  return typeof key === 'number' ? dateOr(key, field) : key;
}

/** A figure of a date is in milliseconds. */
export function dateOr(figure: number, { kind }: QueryField): number | string {
  if (kind !== 'instant' && kind !== 'day') return figure;
  const text = new Date(figure).toISOString();
  return kind === 'day' ? text.slice(0, 'YYYY-MM-DD'.length) : text;
}

export function countOf(bucket: Bucket, field: QueryField): ValueCount {
  return { value: keyOf(bucket, field), count: bucket.doc_count };
}

/**
 * The latest intervals in the order of time, without gaps, each with its buckets (an hour that a clock shows twice has
 * two), and the documents of the earlier ones.
 */
export function intervalsOf(
  { buckets }: Buckets,
  { interval }: DateGrouping,
  limit: number,
): { readonly intervals: readonly { label: string; buckets: readonly Bucket[] }[]; readonly other: number } {
  const byLabel = Map.groupBy(buckets, (bucket) => bucket.key_as_string ?? String(bucket.key));
  const labels = fillGaps([...byLabel.keys()], interval, limit);
  const listed = new Set(labels);
  const other = [...byLabel]
    .filter(([label]) => !listed.has(label))
    .reduce((sum, [, left]) => sum + documentsIn(left), 0);
  return { intervals: labels.map((label) => ({ label, buckets: byLabel.get(label) ?? [] })), other };
}

export function documentsIn(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, bucket) => sum + bucket.doc_count, 0);
}
