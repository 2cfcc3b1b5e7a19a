import { fieldsOf, type Plan, type QueryField } from '#views';
import { SearchRefusedError, SearchTimeoutError } from '../errors.js';
import type { SearchAnswer, SearchHit, SearchOptions, SearchRequest, SearchSort } from '../search-index.js';
import { documentOf, hitsOf } from './documents.js';
import { failure } from './failure.js';
import { compileFilter, fieldOf, type Fields, type Query } from './filter.js';
import { inPath, type Server } from './indices.js';
import { memberSpans, slice, type Span } from './raw-json.js';
import { afterValue, compileSort, sortValueOf, type SortValue } from './sort.js';
import { compileText } from './text-query.js';

/** Counting beyond this costs more than most searches; the answer then says "at least". */
const exactTotalUpTo = 10_000;

export async function searchDocuments(
  server: Server,
  index: string,
  plan: Plan,
  request: SearchRequest,
  { signal, deadlineMs }: SearchOptions,
): Promise<SearchAnswer> {
  const fields = fieldsByPath(plan);
  const answer = await server.connection.ask({
    method: 'POST',
    path: `/${inPath(index)}/_search?allow_partial_search_results=false`,
    body: JSON.stringify(compileSearch(request, fields, deadlineMs)),
    deadlineMs,
    // Closing the connection stops the search on the server.
    ...(signal ? { signal } : {}),
  });
  if (answer.status !== 200) throw failure(answer, index, deadlineMs);
  return readAnswer(answer.text, request.sort, fields, deadlineMs);
}

export function compileSearch(request: SearchRequest, fields: Fields, deadlineMs: number): Query {
  const { where, q, after, offset, limit } = request;
  return {
    size: limit,
    ...(offset > 0 ? { from: offset } : {}),
    timeout: `${deadlineMs}ms`,
    version: true,
    // The first page counts; the total then travels with the cursor.
    track_total_hits: after === null ? exactTotalUpTo : false,
    query: {
      bool: {
        ...(where === null ? {} : { filter: [compileFilter(where, fields)] }),
        ...(q === null ? {} : { must: [compileText(q, textFields(request.in, fields))] }),
      },
    },
    sort: compileSort(request.sort, fields),
    ...(request.fields === null ? {} : { _source: { includes: ['id', ...request.fields] } }),
    ...(after === null ? {} : { search_after: afterValues(after, request.sort, fields) }),
  };
}

const known = new WeakMap<Plan, Fields>();

function fieldsByPath(plan: Plan): Fields {
  const fields = known.get(plan) ?? new Map(fieldsOf(plan).map((field) => [field.path, field]));
  known.set(plan, fields);
  return fields;
}

function textFields(paths: readonly string[] | null, fields: Fields): QueryField[] {
  const chosen =
    paths === null ? [...fields.values()].filter(isText) : paths.map((path) => fieldOf(path, fields));
  if (chosen.length === 0 || !chosen.every(isText))
    throw new SearchRefusedError(
      400,
      'q searches fields that are text, and the view or the choice has others or none',
    );
  return chosen;
}

function isText(field: QueryField): boolean {
  return (field.kind === 'prose' || field.hints.text !== undefined) && !field.hints.carry;
}

function afterValues(
  after: readonly (string | number | boolean | null)[],
  sort: readonly SearchSort[],
  fields: Fields,
): unknown[] {
  const keys = tieBroken(sort);
  if (after.length !== keys.length)
    throw new SearchRefusedError(
      400,
      `the page continues ${after.length} sort values, and the sort has ${keys.length}`,
    );
  return keys.map((key, at) => afterValue(after[at] ?? null, key, fields));
}

function tieBroken(sort: readonly SearchSort[]): readonly SearchSort[] {
  return sort.some((key) => key.field === 'id')
    ? sort
    : [...sort, { field: 'id', descending: false, nulls: 'last' }];
}

function readAnswer(
  text: string,
  sort: readonly SearchSort[],
  fields: Fields,
  deadlineMs: number,
): SearchAnswer {
  const { root, hits } = hitsOf(text);
  const timedOut = root.get('timed_out');
  if (timedOut !== undefined && slice(text, timedOut) === 'true') throw new SearchTimeoutError(deadlineMs);
  const { total, exact } = totalOf(text, root);
  return { hits: hits.map((hit) => readHit(text, hit, tieBroken(sort), fields)), total, totalIsExact: exact };
}

function readHit(text: string, hit: Span, keys: readonly SearchSort[], fields: Fields): SearchHit {
  const sort = memberSpans(text, hit.start).get('sort');
  const values = sort === undefined ? [] : (JSON.parse(slice(text, sort)) as readonly SortValue[]);
  const sortValues = keys.map((key, at) => sortValueOf(values[at] ?? null, key, fields));
  return { ...documentOf(text, hit), sortValues };
}

function totalOf(text: string, root: ReadonlyMap<string, Span>): { total: number; exact: boolean } {
  const outer = root.get('hits');
  const total = outer === undefined ? undefined : memberSpans(text, outer.start).get('total');
  if (total === undefined) return { total: 0, exact: false };
  const { value, relation } = JSON.parse(slice(text, total)) as { value: number; relation: string };
  return { total: value, exact: relation === 'eq' };
}
