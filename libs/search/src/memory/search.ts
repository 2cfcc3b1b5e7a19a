import type { Filter } from '#views';
import type { StatsAnswer, StatsRequest, SuggestRequest, ValueCount } from '../aggregates.js';
import { checkAfter, tieBroken, type Fields } from '../fields.js';
import { estimatedFrom } from '../limits.js';
import type { SearchAnswer, SearchHit, SearchRequest } from '../search-index.js';
import { comparable, type MemoryDocument } from './document.js';
import { countFacet } from './facets.js';
import { testOf } from './filter.js';
import { highlightsOf } from './highlight.js';
import { compareKeys, firstOf, keyReader, type Found } from './order.js';
import { pick } from './pick.js';
import { figuresOf } from './stats.js';
import { suggestFrom } from './suggest.js';
import { textSearch, type TextSearch } from './text.js';

/** Answers a search by looking at every document. */
export function searchIn(
  documents: readonly MemoryDocument[],
  request: SearchRequest,
  fields: Fields,
): SearchAnswer {
  const { where, q, after, offset, limit, facets = [] } = request;
  const sort = tieBroken(request.sort);
  if (after !== null) checkAfter(after, sort);
  const search = q === null ? null : textSearch(q, request.in, fields);
  const matching = matchesOf(documents, where, search, fields);
  const read = keyReader(sort, fields);
  const start =
    after?.map((value) => (value === null ? null : comparable(value, { kind: 'string' }))) ?? null;
  const found = function* (): Generator<Found> {
    for (const { document, score } of matching) {
      const one = read(document, score);
      if (start === null || compareKeys(one.keys, start, sort) > 0) yield one;
    }
  };
  const counted = facets.map(({ name, facet, where: own }) => {
    const under = matchesOf(documents, own, search, fields).map(({ document }) => document);
    return [name, countFacet(under, facet, fields)] as const;
  });
  return {
    hits: firstOf(found(), offset + limit, sort)
      .slice(offset)
      .map((one) => hitOf(one, search, request, fields)),
    ...totalOf(matching.length, request),
    ...(facets.length === 0 ? {} : { facets: Object.fromEntries(counted) }),
    ...(request.pointInTime === undefined ? {} : { pointInTimeId: request.pointInTime.id }),
  };
}

export function statsIn(
  documents: readonly MemoryDocument[],
  request: StatsRequest,
  fields: Fields,
): StatsAnswer {
  const search = request.q === null ? null : textSearch(request.q, request.in, fields);
  return figuresOf(documentsOf(documents, request.where, search, fields), request, fields);
}

export function suggestIn(
  documents: readonly MemoryDocument[],
  request: SuggestRequest,
  fields: Fields,
): readonly ValueCount<string>[] {
  return suggestFrom(documentsOf(documents, request.where, null, fields), request, fields);
}

function documentsOf(
  documents: readonly MemoryDocument[],
  where: Filter | null,
  search: TextSearch | null,
  fields: Fields,
): readonly MemoryDocument[] {
  return matchesOf(documents, where, search, fields).map(({ document }) => document);
}

interface Match {
  readonly document: MemoryDocument;
  readonly score: number;
}

function matchesOf(
  documents: readonly MemoryDocument[],
  where: Filter | null,
  search: TextSearch | null,
  fields: Fields,
): readonly Match[] {
  const test = testOf(where, fields);
  const matches: Match[] = [];
  for (const document of documents) {
    if (!test(document)) continue;
    const score = search === null ? 0 : search.score(document);
    if (score !== null) matches.push({ document, score });
  }
  return matches;
}

function hitOf(
  { document, keys }: Found,
  search: TextSearch | null,
  request: SearchRequest,
  fields: Fields,
): SearchHit {
  const { id, revision, source, content } = document;
  return {
    id,
    revision,
    source: request.fields === null ? source : JSON.stringify(pick(content, ['id', ...request.fields])),
    sortValues: keys,
    ...(request.highlight === undefined
      ? {}
      : { highlights: highlightsOf(document, search, request, fields) }),
  };
}

function totalOf(
  matching: number,
  { after, totals = 'estimate' }: SearchRequest,
): Pick<SearchAnswer, 'total' | 'totalIsExact'> {
  if (after !== null || totals === 'none') return { total: 0, totalIsExact: false };
  const isCounted = totals === 'exact' || matching <= estimatedFrom;
  return { total: isCounted ? matching : estimatedFrom, totalIsExact: isCounted };
}
