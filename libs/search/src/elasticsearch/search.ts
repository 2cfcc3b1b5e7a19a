import type { Plan } from '#views';
import { IndexMissingError, PointInTimeGoneError } from '../errors.js';
import { checkAfter, fieldsByPath, tieBroken, type Fields } from '../fields.js';
import { estimatedFrom } from '../limits.js';
import type {
  SearchAnswer,
  SearchHit,
  SearchOptions,
  SearchRequest,
  SearchSort,
  StoredDocument,
} from '../search-index.js';
import { storedIn } from './documents.js';
import { compileFacets, readFacets, type CompiledFacets } from './facets.js';
import { compileFilter, type Query } from './filter.js';
import { compileHighlight, readHighlights } from './highlight.js';
import type { Server } from './indices.js';
import { slice, type Span } from './raw-json.js';
import { aggregationsOf, askSearch, compileQuery, type RawAnswer } from './request.js';
import { afterValue, compileSort, sortValueOf, type SortValue } from './sort.js';
import { totalOf } from './total.js';

export async function searchDocuments(
  server: Server,
  index: string,
  plan: Plan,
  request: SearchRequest,
  options: SearchOptions,
): Promise<SearchAnswer> {
  const fields = fieldsByPath(plan);
  const { pointInTime } = request;
  const asked = askSearch(
    server,
    pointInTime === undefined ? index : null,
    compileSearch(request, fields),
    options,
  );
  const answer = await asked.catch((error: unknown) => {
    throw pointInTime === undefined ? error : goneOr(error);
  });
  return readAnswer(answer, request, fields);
}

/** A point in time goes with its index, whatever the alias points at by then. */
function goneOr(error: unknown): unknown {
  return error instanceof IndexMissingError ? new PointInTimeGoneError({ cause: error }) : error;
}

export function compileSearch(request: SearchRequest, fields: Fields): Query {
  const { after, offset, limit, pointInTime } = request;
  const { shared, afterCounting, aggregations } = compileCounting(request, fields);
  return {
    size: limit,
    ...(pointInTime === undefined
      ? {}
      : { pit: { id: pointInTime.id, keep_alive: `${pointInTime.keepMs}ms` } }),
    ...(offset > 0 ? { from: offset } : {}),
    version: true,
    track_total_hits: countedTo(request),
    query: compileQuery(request, shared, fields),
    ...(afterCounting.length === 0 ? {} : { post_filter: { bool: { filter: afterCounting } } }),
    ...(Object.keys(aggregations).length === 0 ? {} : { aggs: aggregations }),
    sort: compileSort(request.sort, fields),
    ...(request.fields === null ? {} : { _source: { includes: ['id', ...request.fields] } }),
    ...(after === null ? {} : { search_after: afterValues(after, request.sort, fields) }),
    ...compileHighlight(request, fields),
  };
}

function compileCounting({ where, facets = [] }: SearchRequest, fields: Fields): CompiledFacets {
  const clauses = compileFilter(where, fields);
  return facets.length === 0
    ? { shared: clauses, afterCounting: [], aggregations: {} }
    : compileFacets(clauses, facets, fields);
}

/** The first page counts; the total then travels with the cursor. */
function countedTo({ after, totals = 'estimate' }: SearchRequest): number | boolean {
  if (after !== null || totals === 'none') return false;
  return totals === 'exact' ? true : estimatedFrom;
}

function afterValues(
  after: readonly (string | number | boolean | null)[],
  sort: readonly SearchSort[],
  fields: Fields,
): unknown[] {
  const keys = tieBroken(sort);
  checkAfter(after, keys);
  return keys.map((key, at) => afterValue(after[at] ?? null, key, fields));
}

function readAnswer(answer: RawAnswer, request: SearchRequest, fields: Fields): SearchAnswer {
  const { text, root, hits } = answer;
  const { total, exact } = totalOf(answer);
  const pointInTime = root.get('pit_id');
  const { facets = [] } = request;
  const keys = tieBroken(request.sort);
  return {
    hits: hits.map((hit) => readHit(text, hit, request, keys, fields)),
    total,
    totalIsExact: exact,
    ...(facets.length === 0 ? {} : { facets: readFacets(aggregationsOf(answer), facets, fields) }),
    ...(pointInTime === undefined ? {} : { pointInTimeId: JSON.parse(slice(text, pointInTime)) as string }),
  };
}

function readHit(
  text: string,
  hit: ReadonlyMap<string, Span>,
  request: SearchRequest,
  keys: readonly SearchSort[],
  fields: Fields,
): SearchHit {
  const found = new FoundHit(storedIn(text, hit), () => {
    const sort = hit.get('sort');
    const values = sort === undefined ? [] : (JSON.parse(slice(text, sort)) as readonly SortValue[]);
    return keys.map((key, at) => sortValueOf(values[at] ?? null, key, fields));
  });
  if (request.highlight !== undefined) found.highlights = readHighlights(text, hit, fields);
  return found;
}

/** Its sort values are read when they are asked for, as those of the last hit of a page are. */
class FoundHit implements SearchHit {
  readonly id: string;
  readonly revision: number;
  readonly source: string;
  highlights?: NonNullable<SearchHit['highlights']>;

  constructor(
    { id, revision, source }: StoredDocument,
    private readonly readSortValues: () => SearchHit['sortValues'],
  ) {
    this.id = id;
    this.revision = revision;
    this.source = source;
  }

  get sortValues(): SearchHit['sortValues'] {
    return this.readSortValues();
  }
}
