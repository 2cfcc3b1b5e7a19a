import type { FilterValue, QueryField } from '#views';
import type { FacetAnswer, FacetOf, FacetRequest, ValueCount, ValueRange } from '../aggregates.js';
import { compareCounts } from '../counts.js';
import { SearchRefusedError } from '../errors.js';
import { fieldOf, type Fields } from '../fields.js';
import { all, compileFilter, operand, type Query } from './filter.js';
import {
  countOf,
  datesOf,
  documentsIn,
  intervalsOf,
  keyOf,
  termsOf,
  type Bucket,
  type Buckets,
} from './groups.js';

/**
 * Facets count under filters of their own. What all of them and the search have in common is the query; the rest of the
 * search's filter comes after counting, and the rest of each facet's filter around its aggregation. So the server walks
 * through no more than what the widest of them needs, once.
 */
export interface CompiledFacets {
  readonly shared: readonly Query[];
  readonly afterCounting: readonly Query[];
  readonly aggregations: Query;
}

export function compileFacets(
  where: readonly Query[],
  facets: readonly FacetRequest[],
  fields: Fields,
): CompiledFacets {
  const each = facets.map((facet) => keyed(compileFilter(facet.where, fields)));
  const own = keyed(where);
  const isShared = (key: string): boolean => each.every((clauses) => clauses.has(key));
  const rest = (clauses: ReadonlyMap<string, Query>): Query[] =>
    [...clauses].filter(([key]) => !(own.has(key) && isShared(key))).map(([, clause]) => clause);
  return {
    shared: [...own].filter(([key]) => isShared(key)).map(([, clause]) => clause),
    afterCounting: rest(own),
    aggregations: Object.fromEntries(
      facets.map(({ facet }, at) => [
        nameAt(at),
        { filter: all(rest(each[at] ?? new Map<string, Query>())), aggs: aggregationsFor(facet, fields) },
      ]),
    ),
  };
}

/** Names of the caller's could hold signs that mean something to Elasticsearch. */
function nameAt(at: number): string {
  return `f${at}`;
}

function keyed(clauses: readonly Query[]): Map<string, Query> {
  return new Map(clauses.map((clause) => [JSON.stringify(clause), clause]));
}

function aggregationsFor(facet: FacetOf, fields: Fields): Query {
  const field = fieldOf(facet.field, fields);
  switch (facet.kind) {
    case 'values':
      return {
        of: termsOf(field, facet.limit),
        ...(facet.selected.length === 0
          ? {}
          : {
              selected: filters(
                facet.selected.map((value) => ({ term: { [field.path]: operand(value, field) } })),
              ),
            }),
      };
    case 'dates':
      return { of: datesOf(facet, field) };
    case 'ranges':
      return { of: filters(facet.ranges.map((range) => rangeQuery(field, range))) };
  }
}

function filters(queries: readonly Query[]): Query {
  if (queries.length === 0) throw new SearchRefusedError(400, 'a facet of ranges names no range');
  return { filters: { filters: queries } };
}

function rangeQuery(field: QueryField, { from, to }: ValueRange): Query {
  const { path } = field;
  const bounds = {
    ...(from === null ? {} : { gte: operand(from, field) }),
    ...(to === null ? {} : { lt: operand(to, field) }),
  };
  return from === null && to === null ? { exists: { field: path } } : { range: { [path]: bounds } };
}

interface FacetAggregations {
  readonly of: Buckets;
  readonly selected?: Buckets;
}

export function readFacets(
  aggregations: Readonly<Record<string, unknown>>,
  facets: readonly FacetRequest[],
  fields: Fields,
): Record<string, FacetAnswer> {
  return Object.fromEntries(
    facets.map(({ name, facet }, at) => [
      name,
      readFacet(aggregations[nameAt(at)] as FacetAggregations, facet, fields),
    ]),
  );
}

function readFacet({ of, selected }: FacetAggregations, facet: FacetOf, fields: Fields): FacetAnswer {
  switch (facet.kind) {
    case 'values':
      return readValues(of, selected?.buckets ?? [], facet, fields);
    case 'dates': {
      const { intervals, other } = intervalsOf(of, facet, facet.limit);
      const values = intervals.map(({ label, buckets }) => ({ value: label, count: documentsIn(buckets) }));
      return { kind: 'dates', values, other };
    }
    case 'ranges': {
      const ranges = facet.ranges.map((range, at) => ({ ...range, count: of.buckets[at]?.doc_count ?? 0 }));
      return { kind: 'ranges', ranges };
    }
  }
}

function readValues(
  of: Buckets,
  selectedBuckets: readonly Bucket[],
  { field: path, limit, selected }: Extract<FacetOf, { kind: 'values' }>,
  fields: Fields,
): FacetAnswer {
  const field = fieldOf(path, fields);
  const top = of.buckets.slice(0, limit);
  const listed = new Set<FilterValue>(top.map((bucket) => keyOf(bucket, field)));
  const added = selected.flatMap((value, at): ValueCount[] =>
    listed.has(value) ? [] : [{ value, count: selectedBuckets[at]?.doc_count ?? 0 }],
  );
  const cutOff = documentsIn(of.buckets.slice(limit));
  const other = (of.sum_other_doc_count ?? 0) + cutOff - added.reduce((sum, { count }) => sum + count, 0);
  const values = [...top.map((bucket) => countOf(bucket, field)), ...added].sort(compareCounts);
  return { kind: 'values', values, other };
}
