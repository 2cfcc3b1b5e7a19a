import type { AnyView, FieldsOf } from '#views';
import type { DatePath, NamePath, NameOf, OrderedPath, TextPath, ValuePath } from './fields.js';
import type { KnownFields } from './filter.js';

/** `'placedAt'`, `'-placedAt'`, `'customer.name:nullsFirst'`; nulls are last when nothing is said. */
export type Sort<F> = `${'' | '-'}${ValuePath<F>}${'' | ':nullsFirst' | ':nullsLast'}` | 'relevance';

export type Interval = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';
/** What documents are grouped by: `'status'`, `'customer.tier:50'` (so many groups), `'placedAt:month'`. */
export type Grouping<F> = ValuePath<F> | `${ValuePath<F>}:${number}` | `${DatePath<F>}:${Interval}`;
/** A grouping, or ranges: `'total:..1000|1000..5000|5000..'` (from ≤ x < to). */
export type Facet<F> = Grouping<F> | `${OrderedPath<F>}:${string}..${string}`;

/** `estimate` counts to 10 000 and then says at least; `none` counts nothing. */
export type Totals = 'exact' | 'estimate' | 'none';

/** What every question may say. */
export interface Matching<V extends AnyView, W> {
  readonly where?: W & KnownFields<W, FieldsOf<V>, NameOf<V>>;
  /** The zone in which days begin: `Europe/Amsterdam`, `+02:00`. UTC when absent. */
  readonly tz?: string;
}

/** Words to search for: all of them, the last as a beginning, `"phrases"`, `-without`. */
export interface Searching<V extends AnyView> {
  readonly q?: string;
  /** Where `q` searches; everywhere when absent. */
  readonly in?: readonly TextPath<FieldsOf<V>>[];
}

/** Which documents, in which order, and how much of each. */
export interface Selecting<V extends AnyView, W, S> extends Matching<V, W>, Searching<V> {
  readonly sort?: Sort<FieldsOf<V>> | readonly Sort<FieldsOf<V>>[];
  /** The parts to answer; the id is always there. */
  readonly fields?: readonly S[];
}

export interface SearchQuery<V extends AnyView, W, S, A, T> extends Selecting<V, W, S> {
  readonly facets?: readonly A[];
  /** Marks what `q` found: everywhere, or in these fields. */
  readonly highlight?: boolean | readonly TextPath<FieldsOf<V>>[];
  /** Documents on a page: 20 when absent, 100 at most. */
  readonly limit?: number;
  readonly totals?: T;
  /** A numbered page, from 1. Past the first 1 000 documents go on from page to page instead. */
  readonly page?: number;
  /** Holds one state for the walk from page to page, for as long between two pages: `'5m'`, `'30s'`. */
  readonly snapshot?: `${number}s` | `${number}m`;
}

export interface SuggestQuery<V extends AnyView, W> extends Matching<V, W> {
  readonly field: NamePath<FieldsOf<V>>;
  /** What values begin with, without regard to case; the most frequent values of all when absent. */
  readonly prefix?: string;
  readonly limit?: number;
}

/** Figures of fields, of all that matches or by groups. */
export interface StatsQuery<V extends AnyView, W, By, Sum, Avg, Min, Max>
  extends Matching<V, W>, Searching<V> {
  readonly by?: By;
  readonly sum?: readonly Sum[];
  readonly avg?: readonly Avg[];
  readonly min?: readonly Min[];
  readonly max?: readonly Max[];
}
