import type { Filter } from '#views';

/**
 * How documents are counted by a field. Counts are of documents: one with two red lines counts once for red, and one with
 * a red and a blue line once for each. Documents without a value are in no group. Exact, as long as an index has one
 * shard, which is how indices are created.
 */
export type Grouping = ValueGrouping | DateGrouping;

export interface ValueGrouping {
  readonly kind: 'values';
  /** Any field that filters may name, but for places. Of instants, days and numbers it takes single values. */
  readonly field: string;
}

export type DateInterval = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

export interface DateGrouping {
  readonly kind: 'dates';
  /** An instant or a day. */
  readonly field: string;
  readonly interval: DateInterval;
  /** IANA zone or offset in which an instant's intervals begin; a day has no zone. Weeks begin on Monday. */
  readonly zone: string;
}

export interface RangeGrouping {
  readonly kind: 'ranges';
  /** A number, an instant or a day. */
  readonly field: string;
  readonly ranges: readonly ValueRange[];
}

/** From ≤ x < to; null is open. */
export interface ValueRange {
  readonly from: number | string | null;
  readonly to: number | string | null;
}

export interface FacetRequest {
  /** What the answer calls it. */
  readonly name: string;
  readonly facet: FacetOf;
  /** What the counted documents match, beside `q`: the filter of the search without the facet's own condition. */
  readonly where: Filter | null;
}

export type FacetOf =
  | (ValueGrouping & {
      readonly limit: number;
      /** Listed even when nothing has them, and beyond the limit. */
      readonly selected: readonly (string | number | boolean)[];
    })
  /** `limit` is of intervals; the latest are listed. */
  | (DateGrouping & { readonly limit: number })
  | RangeGrouping;

export type FacetAnswer =
  /** By count, the greatest first, and then by value; `other` is the sum of the counts that are not listed. */
  | { readonly kind: 'values'; readonly values: readonly ValueCount[]; readonly other: number }
  /** In the order of time, without gaps: an interval between two others is listed at 0. */
  | { readonly kind: 'dates'; readonly values: readonly ValueCount<string>[]; readonly other: number }
  /** In the order asked. */
  | { readonly kind: 'ranges'; readonly ranges: readonly (ValueRange & { readonly count: number })[] };

/**
 * An instant is written as text in UTC (`2026-05-31T12:00:00.000Z`), a day as `2026-05-31`. An interval is written in its
 * zone, as short as it is long: `2026-05-31T14` (an hour that a clock shows twice is one interval), `2026-05-31` (a day,
 * and a week by its Monday), `2026-05`, `2026-Q2`, `2026`.
 */
export interface ValueCount<T = string | number | boolean> {
  readonly value: T;
  readonly count: number;
}

export interface Metric {
  /** `sum` and `avg` of numbers; `min` and `max` of numbers, instants and days. */
  readonly op: 'sum' | 'avg' | 'min' | 'max';
  readonly field: string;
}

export interface StatsRequest {
  readonly where: Filter | null;
  readonly q: string | null;
  /** The text fields that `q` searches; null is all. */
  readonly in: readonly string[] | null;
  /** Null is one group of everything, which is there even when it is empty. */
  readonly by: Grouping | null;
  /** Over all values of a group's documents: of a list each item counts. */
  readonly metrics: readonly Metric[];
  /** The most groups: by count, or the latest intervals. */
  readonly limit: number;
}

export interface StatsGroup {
  /** A value or an interval, as in `ValueCount`; null when nothing is grouped by. */
  readonly key: string | number | boolean | null;
  readonly count: number;
  /** In the order asked. `sum` of nothing is 0, the others are null. */
  readonly metrics: readonly (number | string | null)[];
}

export interface StatsAnswer {
  /** Values by count, the greatest first, and then by value; intervals in the order of time, without gaps. */
  readonly groups: readonly StatsGroup[];
  /** The sum of the counts of the groups that are not listed. */
  readonly other: number;
}

export interface SuggestRequest {
  /** A string, an enum or an id. */
  readonly field: string;
  /**
   * Of the whole value, without regard to case, and in fields that are text of any word too. Empty is every value.
   */
  readonly prefix: string;
  readonly where: Filter | null;
  readonly limit: number;
}
