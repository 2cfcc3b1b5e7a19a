import { HttpException } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import { PrejoinError } from '../errors.js';

/** The body of an error answer: RFC 9457 (application/problem+json), with a stable `code`. */
export interface Problem {
  /** `about:blank` always: the code says which problem it is, and a type URL that leads nowhere would not help. */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** Stable, snake_case: what programs may branch on. */
  readonly code: string;
  readonly detail?: string;
  readonly [extra: string]: unknown;
}

export interface ProblemOptions {
  readonly cause?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that knows its answer. `extras` become members of the problem beside the standard ones. */
export class ProblemError extends PrejoinError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly status: number,
    code: string,
    readonly title: string,
    readonly detail: string,
    readonly extras: Readonly<Record<string, unknown>> = {},
    options: ProblemOptions = {},
  ) {
    super(code, detail, { cause: options.cause });
    this.headers = options.headers ?? {};
  }
}

/** Which HTTP status the codes of a core's errors have; a code that is not listed is the server's fault. */
export type StatusOfCode = Readonly<Record<string, number>>;

export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

const internalError: ProblemAnswer = answer({
  status: 500,
  title: 'Internal error',
  code: 'internal_error',
  detail:
    'The server met a fault of its own. The request may be sent again; the log has the cause under this trace id.',
});

/**
 * The answer to anything that was thrown. What is not known to be safe to show (messages of libraries and databases hold
 * table names, statements and values) becomes `internal_error` without a word about the cause.
 */
export function problemOf(thrown: unknown, statusOfCode: StatusOfCode = {}): ProblemAnswer {
  if (thrown instanceof ProblemError) {
    const { status, title, code, detail, extras, headers } = thrown;
    return answer({ ...extras, status, title, code, detail }, headers);
  }
  if (thrown instanceof PrejoinError) return problemOfCode(thrown, statusOfCode[thrown.code]);
  if (thrown instanceof HttpException) return problemOfStatus(thrown.getStatus(), thrown.message);
  return problemOfFastify(thrown) ?? internalError;
}

function problemOfCode(error: PrejoinError, status: number | undefined): ProblemAnswer {
  if (status === undefined) return internalError;
  const detail = error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  return answer(
    { status, title: titleOf(status), code: error.code, detail },
    status === 503 ? { 'retry-after': retryAfterSeconds } : {},
  );
}

/** What is away comes back by itself in most cases, and nobody can say when. */
const retryAfterSeconds = '1';

const codes: Readonly<Record<number, readonly [code: string, detail: string | null]>> = {
  400: ['malformed_request', null],
  404: ['route_not_found', 'There is no such route; /docs lists those that there are.'],
  408: ['request_timeout', null],
  413: ['body_too_large', 'The body is larger than this server takes.'],
  414: ['url_too_long', 'A part of the URL is longer than this server takes.'],
  415: ['media_type_unsupported', 'Send the body as application/json.'],
  431: ['headers_too_large', 'URL and headers together are larger than this server takes.'],
};

/** The answer to a refusal of the framework's or the HTTP parser's, that is known by its status. */
export function problemOfStatus(status: number, message: string): ProblemAnswer {
  if (status >= 500) return internalError;
  const [code, detail] = codes[status] ?? [`http_${status}`, null];
  return answer({ status, title: titleOf(status), code, detail: detail ?? message });
}

/** Fastify's own refusals (a body that does not parse, is too large, has a type of its own) carry a code and a status. */
function problemOfFastify(thrown: unknown): ProblemAnswer | null {
  const isFastify =
    thrown instanceof Error &&
    'statusCode' in thrown &&
    typeof thrown.statusCode === 'number' &&
    thrown.statusCode < 500 &&
    (thrown instanceof SyntaxError || ('code' in thrown && String(thrown.code).startsWith('FST_ERR_')));
  return isFastify ? problemOfStatus(thrown.statusCode as number, thrown.message) : null;
}

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

function answer(
  members: Omit<Problem, 'type'>,
  headers: Readonly<Record<string, string>> = {},
): ProblemAnswer {
  return { problem: { type: 'about:blank', ...members } as Problem, headers };
}
