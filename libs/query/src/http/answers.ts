import { ProblemError } from '#kernel/http';
import type { FacetAnswer } from '#search';
import { fieldOperatorsOf } from '#views';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { QueryInvalidError } from '../faults.js';
import type { AnswerFreshness } from '../freshness/freshness.js';
import type { Page } from '../list.js';
import type { Batch, Stats } from '../reader.js';
import { nearest } from '../parse/suggest.js';
import type { ServedView } from '../served-view.js';
import { TooManySnapshotsError } from '../snapshots.js';

/** The documents go out as they are stored: nothing between the search server and the caller parses them. */
export function pageBody(page: Page, freshness: AnswerFreshness): string {
  const { documents, total, totalIsExact, next, facets, highlights } = page;
  const more = [
    facets === undefined ? '' : `,"facets":${JSON.stringify(mapped(facets, facetBody))}`,
    highlights === undefined ? '' : `,"highlights":${JSON.stringify(highlights)}`,
    `,"freshness":${JSON.stringify(freshness)}`,
  ];
  return `{"data":[${documents.join(',')}],"total":${total},"totalIsExact":${totalIsExact},"next":${JSON.stringify(next)}${more.join('')}}`;
}

export function batchBody({ documents, missing }: Batch, freshness: AnswerFreshness): string {
  return `{"data":[${documents.join(',')}],"missing":${JSON.stringify(missing)},"freshness":${JSON.stringify(freshness)}}`;
}

/** `{ groups: [{ key, count, sum: { total } }], other }`: a group has the figures that were asked for, by field. */
export function statsBody({ groups, metrics, other }: Stats, freshness: AnswerFreshness): object {
  return {
    groups: groups.map(({ key, count, metrics: values }) => {
      const figures: Record<string, Record<string, unknown>> = {};
      metrics.forEach(({ op, field }, at) => {
        figures[op] = { ...figures[op], [field]: values[at] ?? null };
      });
      return { key, count, ...figures };
    }),
    other,
    freshness,
  };
}

function facetBody(facet: FacetAnswer): object {
  return facet.kind === 'ranges' ? { ranges: facet.ranges } : { values: facet.values, other: facet.other };
}

function mapped<T>(
  record: Readonly<Record<string, T>>,
  change: (value: T) => object,
): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Who may keep an answer: a copy of a guarded view is its caller's own. It is asked for again every time. */
export function cachedBy(view: ServedView): string {
  return view.guards.length === 0 ? 'no-cache' : 'private, no-cache';
}

export function sendJson(reply: FastifyReply, body: string): void {
  void reply.type('application/json; charset=utf-8').send(body);
}

export function queryOf(request: FastifyRequest): string {
  const start = request.url.indexOf('?');
  return start === -1 ? '' : request.url.slice(start + 1);
}

/** Aborts when the caller goes away before it has its answer, so that the search server stops too. */
export function disconnection(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  // It may have left before, while it was found out who it is.
  if (reply.raw.destroyed) gone.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** The media type of lines of JSON. */
const ndjson = 'application/x-ndjson; charset=utf-8';

/**
 * Sends documents as they come, one a line, at the pace of the caller: a chunk is read when the one before has left. A fault
 * in the middle cuts the connection, since an answer that ended well would look complete.
 */
export function sendLines(reply: FastifyReply, chunks: AsyncIterable<readonly string[]>, name: string): void {
  const lines = async function* () {
    for await (const chunk of chunks) yield `${chunk.join('\n')}\n`;
  };
  void reply
    .type(ndjson)
    .header('content-disposition', `attachment; filename="${name}.ndjson"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(lines(), { objectMode: false, highWaterMark: 1 }));
}

/** Query faults become a 400 that lists them, too many snapshots a 429; anything else stays what it is. */
function asProblem(error: unknown): unknown {
  if (error instanceof TooManySnapshotsError)
    return new ProblemError(
      429,
      error.code,
      'Too many snapshots',
      `${error.message} ${error.remedy}`,
      {},
      { cause: error, headers: { 'retry-after': String(error.retryAfterSeconds) } },
    );
  if (!(error instanceof QueryInvalidError)) return error;
  const detail = `${error.faults.length} fault(s): ${error.message}`;
  return new ProblemError(
    400,
    error.code,
    'The query is not valid',
    detail.slice(0, 1_000),
    { errors: error.faults.slice(0, 100) },
    { cause: error },
  );
}

/** A get takes no parameters; ignoring one would let its sender believe that it did something. */
function refuseParameters(request: FastifyRequest): void {
  const names = [...new Set(new URLSearchParams(queryOf(request)).keys())];
  if (names.length === 0) return;
  throw new QueryInvalidError(
    names.slice(0, 100).map((parameter) => ({
      parameter: parameter.slice(0, 100),
      code: 'unsupported_parameter' as const,
      detail: 'This resource takes no parameters.',
    })),
  );
}

/** After a wait that was too short the document may well be on its way, which the answer says. */
export function documentUnknown(view: ServedView, freshness: AnswerFreshness): ProblemError {
  const onItsWay = freshness.after === 'timeout';
  return new ProblemError(
    404,
    'not_found',
    'There is no such document',
    `'${view.name}' has no document of this id${onItsWay ? ' yet; it may be on its way' : ''}.`,
    onItsWay ? { freshness } : {},
    onItsWay ? { headers: { 'retry-after': '1' } } : {},
  );
}

/** What stands beside ids; ids never begin with `_`. */
const operations = [
  'GET _fields',
  'GET _suggest',
  'GET _stats',
  'GET _export',
  'POST _search',
  'POST _batch',
];

export function operationUnknown(view: ServedView, operation: string): ProblemError {
  return new ProblemError(
    404,
    'operation_unknown',
    'There is no such operation',
    `'${view.name}' has no operation '${operation.slice(0, 100)}'.`,
    { allowed: operations },
  );
}

export function viewUnknown(name: string, views: readonly ServedView[]): ProblemError {
  const allowed = views.map((view) => view.name);
  const didYouMean = nearest(name, allowed);
  return new ProblemError(
    404,
    'view_unknown',
    'There is no such view',
    `There is no view '${name.slice(0, 100)}'; there are: ${allowed.join(', ')}.`,
    {
      allowed,
      ...(didYouMean === undefined ? {} : { didYouMean }),
    },
  );
}

export function describeView(view: ServedView): object {
  const href = `/views/${view.name}`;
  return {
    name: view.name,
    root: view.plan.root,
    fingerprint: view.plan.fingerprint,
    href,
    fields: `${href}/_fields`,
    ...(view.was === null ? {} : { was: view.was }),
    ...(view.deprecated === null ? {} : { deprecated: view.deprecated }),
  };
}

export function describeFields(view: ServedView): object[] {
  return [...view.fields.values()].map((field) => ({
    path: field.path,
    kind: field.kind,
    list: field.array,
    nullable: field.nullable,
    ...(field.values ? { values: field.values } : {}),
    ...(field.currency ? { currency: field.currency } : {}),
    operators: field.filterable ? fieldOperatorsOf(field) : [],
    sortable: field.sortable,
    searchable: view.textFields.includes(field.path),
  }));
}

/** @throws {ProblemError} when a request that takes no parameters has some */
export function refused(request: FastifyRequest): void {
  try {
    refuseParameters(request);
  } catch (error) {
    rethrow(error);
  }
}

export function rethrow(error: unknown): never {
  throw asProblem(error);
}
