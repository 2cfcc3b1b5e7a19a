import type { Filter } from '#views';
import type { StatsAnswer, StatsRequest, SuggestRequest, ValueCount } from '../aggregates.js';
import { checkAfter, tieBroken } from '../fields.js';
import { estimatedFrom } from '../limits.js';
import type { SearchAnswer, SearchHit, SearchRequest } from '../search-index.js';
import { countFacet } from './facets.js';
import { testOf } from './filter.js';
import { highlightsOf } from './highlight.js';
import { firstRows, orderOf, type Found } from './order.js';
import { pick } from './pick.js';
import { figuresOf } from './stats.js';
import { suggestFrom } from './suggest.js';
import type { Rows, Table } from './table.js';
import { textSearch, type TextSearch } from './text.js';

/** Answers a search by looking at every row. */
export function searchIn(all: Rows, request: SearchRequest): SearchAnswer {
  const { where, q, offset, limit, facets = [] } = request;
  const { table } = all;
  const sort = tieBroken(request.sort);
  if (request.after !== null) checkAfter(request.after, sort);
  const search = q === null ? null : textSearch(q, request.in, table);
  const matching = matchesOf(all, where, search);
  const order = orderOf(sort, table, (row) => matching.scores?.[row] ?? 0);
  const found = firstRows(matching.rows, order, offset + limit, request.after);
  const counted = facets.map(
    ({ name, facet, where: own }) => [name, countFacet(matchesOf(all, own, search), facet)] as const,
  );
  return {
    hits: found.slice(offset).flatMap((one) => hitOf(one, table, search, request)),
    ...totalOf(matching.rows.length, request),
    ...(facets.length === 0 ? {} : { facets: Object.fromEntries(counted) }),
    ...(request.pointInTime === undefined ? {} : { pointInTimeId: request.pointInTime.id }),
  };
}

export function statsIn(all: Rows, request: StatsRequest): StatsAnswer {
  const search = request.q === null ? null : textSearch(request.q, request.in, all.table);
  return figuresOf(matchesOf(all, request.where, search), request);
}

export function suggestIn(all: Rows, request: SuggestRequest): readonly ValueCount<string>[] {
  return suggestFrom(matchesOf(all, request.where, null), request);
}

interface Matches extends Rows {
  /** By row; null when nothing was searched for. */
  readonly scores: Float64Array | null;
}

function matchesOf({ table, rows }: Rows, where: Filter | null, search: TextSearch | null): Matches {
  const filtered = where === null ? rows : rows.filter(testOf(where, table));
  if (search === null) return { table, rows: filtered, scores: null };
  const scores = new Float64Array(table.documents.length);
  const found: number[] = [];
  for (const row of filtered) {
    const score = search.score(row);
    if (score === null) continue;
    found.push(row);
    scores[row] = score;
  }
  return { table, rows: found, scores };
}

function hitOf(
  { row, keys }: Found,
  table: Table,
  search: TextSearch | null,
  request: SearchRequest,
): SearchHit[] {
  const document = table.documents[row];
  if (document === undefined) return [];
  const { id, revision, source } = document;
  const { fields } = request;
  return [
    {
      id,
      revision,
      source: fields === null ? source : JSON.stringify(pick(JSON.parse(source), ['id', ...fields])),
      sortValues: keys,
      ...(request.highlight === undefined ? {} : { highlights: highlightsOf(row, table, search, request) }),
    },
  ];
}

function totalOf(
  matching: number,
  { after, totals = 'estimate' }: SearchRequest,
): Pick<SearchAnswer, 'total' | 'totalIsExact'> {
  if (after !== null || totals === 'none') return { total: 0, totalIsExact: false };
  const isCounted = totals === 'exact' || matching <= estimatedFrom;
  return { total: isCounted ? matching : estimatedFrom, totalIsExact: isCounted };
}
