import type { AnyView, FieldsOf } from '#views';
import type { Selected, TextPath } from './fields.js';
import type { Interval, Totals } from './query.js';

/** How far an answer lies behind what was written. */
export interface Freshness {
  /** The age of the oldest change that is not in the view yet, in milliseconds; null when it is not known. */
  readonly lagMs: number | null;
  /** Whether the writes that the read was asked to contain are in it; absent when there were none. */
  readonly after?: 'included' | 'timeout';
}

export interface Page<V extends AnyView, S extends string, T extends Totals> {
  readonly data: readonly Selected<V, S>[];
  readonly total: T extends 'none' ? null : number;
  /** False when `total` is only the least that it may be. */
  readonly totalIsExact: boolean;
  /** The cursor of the next page; null after the last one. */
  readonly next: string | null;
  /** What `q` found, by id and field: escaped for HTML, with `<mark>` as the only tag. Only when asked for. */
  readonly highlights?: Highlights<V>;
  readonly freshness: Freshness;
}
type Highlights<V extends AnyView> = {
  readonly [id: string]: { readonly [P in TextPath<FieldsOf<V>>]?: readonly string[] };
};

/** Facets count all matches, so they come with the first page, and with numbered ones. */
export type FirstPage<V extends AnyView, S extends string, A extends string, T extends Totals> = Page<
  V,
  S,
  T
> &
  ([A] extends [never] ? unknown : { readonly facets: Facets<FieldsOf<V>, A> });
type Facets<F, A extends string> = { readonly [X in A as FieldIn<X>]: FacetAnswer<F, X> };
/** The field of a facet or grouping. */
type FieldIn<A extends string> = A extends `${infer P}:${string}` ? P : A;
type FacetAnswer<F, A extends string> = A extends `${string}:${string}..${string}`
  ? RangesFacet<ValueAt<F, FieldIn<A>>>
  : ValuesFacet<KeyOf<F, A>>;
type ValueAt<F, P> = P extends keyof F ? (F[P] extends { readonly value: infer X } ? X : never) : never;
/** What groups are told apart by: a value, or the name of an interval (`2026-05`). */
type KeyOf<F, A extends string> = A extends `${string}:${Interval}` ? string : ValueAt<F, FieldIn<A>>;

export interface ValuesFacet<X> {
  readonly values: readonly { readonly value: X; readonly count: number }[];
  /** Documents in groups that are not listed. */
  readonly other: number;
}
export interface RangesFacet<X> {
  readonly ranges: readonly { readonly from: X | null; readonly to: X | null; readonly count: number }[];
}

/** A document that was found by its id. */
export interface Found<V extends AnyView> {
  readonly document: Selected<V, never>;
  /** Changes with the document: the answer's entity tag, to be given back as `ifNoneMatch`. */
  readonly revision: string;
  readonly freshness: Freshness;
}
/** The document is still the one of the revision that was given. */
export interface Unchanged {
  readonly document: 'unchanged';
  readonly revision: string;
  readonly freshness: Freshness;
}

export interface Batch<V extends AnyView> {
  /** In the order asked, each once. */
  readonly data: readonly Selected<V, never>[];
  /** The ids that have no document, in the order asked. */
  readonly missing: readonly string[];
  readonly freshness: Freshness;
}

export interface Suggestions {
  /** The most frequent first. */
  readonly data: readonly { readonly value: string; readonly count: number }[];
  readonly freshness: Freshness;
}

export interface Stats<
  V extends AnyView,
  By extends string,
  Sum extends string,
  Avg extends string,
  Min extends string,
  Max extends string,
> {
  readonly groups: readonly StatsGroup<FieldsOf<V>, By, Sum, Avg, Min, Max>[];
  /** Documents in groups that are not listed. */
  readonly other: number;
  readonly freshness: Freshness;
}
export type StatsGroup<
  F,
  By extends string,
  Sum extends string,
  Avg extends string,
  Min extends string,
  Max extends string,
> = {
  /** Null when nothing is grouped by. */
  readonly key: [By] extends [never] ? null : KeyOf<F, By>;
  readonly count: number;
} & ([Sum] extends [never] ? unknown : { readonly sum: { readonly [P in Sum]: number } }) &
  ([Avg] extends [never] ? unknown : { readonly avg: { readonly [P in Avg]: number | null } }) &
  ([Min] extends [never] ? unknown : { readonly min: { readonly [P in Min]: ValueAt<F, P> | null } }) &
  ([Max] extends [never] ? unknown : { readonly max: { readonly [P in Max]: ValueAt<F, P> | null } });
