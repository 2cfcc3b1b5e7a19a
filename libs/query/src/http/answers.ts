import { ProblemError } from '#kernel/http';
import { operatorsOf } from '#views';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { QueryInvalidError } from '../faults.js';
import type { Page } from '../reader.js';
import { nearest } from '../parse/suggest.js';
import type { ServedView } from '../served-view.js';

/** The documents go out as they are stored: nothing between the search server and the caller parses them. */
export function pageBody({ documents, total, totalIsExact, next }: Page): string {
  return `{"data":[${documents.join(',')}],"total":${total},"totalIsExact":${totalIsExact},"next":${JSON.stringify(next)}}`;
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
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** Whether a caller's copies, by `If-None-Match`, hold this one (RFC 9110, weak comparison). */
export function holdsCopy(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** Query faults become a 400 that lists them; anything else stays what it is. */
export function asProblem(error: unknown): unknown {
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
export function refuseParameters(request: FastifyRequest): void {
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

export function documentUnknown(view: ServedView): ProblemError {
  return new ProblemError(
    404,
    'not_found',
    'There is no such document',
    `'${view.name}' has no document of this id.`,
  );
}

export function operationUnknown(view: ServedView, operation: string): ProblemError {
  return new ProblemError(
    404,
    'operation_unknown',
    'There is no such operation',
    `'${view.name}' has no operation '${operation.slice(0, 100)}'.`,
    { allowed: ['_fields'] },
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
    operators: field.filterable ? operatorsOf(field.kind) : [],
    sortable: field.sortable,
    searchable: view.textFields.includes(field.path),
  }));
}
