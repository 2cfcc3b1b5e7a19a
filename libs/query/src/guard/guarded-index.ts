import type {
  SearchAnswer,
  SearchIndex,
  SearchOptions,
  SearchRequest,
  StatsAnswer,
  StatsRequest,
  StoredDocument,
  SuggestRequest,
  ValueCount,
} from '#search';
import type { Filter } from '#views';
import { guardFilters, isVisible, type GuardedView } from './guarded-view.js';

/**
 * The reads of a search index as one caller may do them: nothing that the caller may not see is found, counted or
 * measured. Reads of this lib have no other way to documents. The guard is part of each request, so that equal requests
 * are equal for the same caller only.
 */
export interface GuardedIndex {
  /** Null for what the caller may not see, as for what is not there. */
  get(index: string, view: GuardedView, id: string, options: SearchOptions): Promise<StoredDocument | null>;
  getMany(
    index: string,
    view: GuardedView,
    ids: readonly string[],
    options: SearchOptions,
  ): Promise<ReadonlyMap<string, StoredDocument>>;
  search(
    index: string,
    view: GuardedView,
    request: SearchRequest,
    options: SearchOptions,
  ): Promise<SearchAnswer>;
  stats(
    index: string,
    view: GuardedView,
    request: StatsRequest,
    options: SearchOptions,
  ): Promise<StatsAnswer>;
  suggest(
    index: string,
    view: GuardedView,
    request: SuggestRequest,
    options: SearchOptions,
  ): Promise<readonly ValueCount<string>[]>;
}

export function guardedIndex(search: SearchIndex): GuardedIndex {
  return {
    async get(index, view, id, options) {
      const found = await search.get(index, id, options);
      return found !== null && isVisible(view, found.source) ? found : null;
    },
    async getMany(index, view, ids, options) {
      const found = await search.getMany(index, ids, options);
      return new Map([...found].filter(([, { source }]) => isVisible(view, source)));
    },
    search: (index, view, request, options) =>
      search.search(index, view.plan, guardedSearch(view, request), options),
    stats: (index, view, request, options) =>
      search.stats(index, view.plan, narrowed(view, request), options),
    suggest: (index, view, request, options) =>
      search.suggest(index, view.plan, narrowed(view, request), options),
  };
}

/** A facet counts under a filter of its own, which is narrowed too. */
function guardedSearch(view: GuardedView, request: SearchRequest): SearchRequest {
  const { facets } = request;
  return {
    ...narrowed(view, request),
    ...(facets === undefined ? {} : { facets: facets.map((facet) => narrowed(view, facet)) }),
  };
}

/**
 * With the conditions of the guard beside those of the request. They stand in one list with them, and not around it: what
 * facets and their search have in common is found clause by clause, and done once.
 */
function narrowed<T extends { readonly where: Filter | null }>(view: GuardedView, request: T): T {
  const guards = guardFilters(view);
  if (guards.length === 0) return request;
  const { where } = request;
  const asked = where === null ? [] : where.kind === 'and' ? where.of : [where];
  return { ...request, where: { kind: 'and', of: [...guards, ...asked] } };
}
