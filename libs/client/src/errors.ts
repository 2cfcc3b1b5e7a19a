/** One thing that is wrong with a request, in the server's words. */
export interface RequestFault {
  /** Where: a parameter, a member of the body (`where.or[0].status`), or nothing for the whole. */
  readonly parameter: string;
  readonly code: string;
  readonly detail: string;
  readonly allowed?: readonly string[];
  readonly didYouMean?: string;
}

interface ErrorParts {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly status?: number;
  readonly errors?: readonly RequestFault[];
  readonly cause?: unknown;
}

/**
 * The base of all errors of the client. `code` is stable: the server's own where it sent one, so that programs may
 * branch on it. A read that its caller aborts rejects with the reason of the signal instead.
 */
export class ClientError extends Error {
  readonly code: string;
  /** What can be done about it, as one sentence. */
  readonly remedy: string;
  /** The status of the answer; null when there was none. */
  readonly status: number | null;
  /** All that is wrong with the request, when the server says it in parts. */
  readonly errors: readonly RequestFault[];

  constructor({ code, message, remedy, status, errors, cause }: ErrorParts) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.remedy = remedy;
    this.status = status ?? null;
    this.errors = errors ?? [];
  }
}

/** The request is not one that this server answers (4xx): sending it again is of no use. */
export class RefusedError extends ClientError {}

/** The server has no answer now (503), or has too much to do (429). */
export class UnavailableError extends ClientError {
  /** What the server says to wait before the next try, in milliseconds; null when it says nothing. */
  readonly retryAfterMs: number | null;

  constructor(parts: ErrorParts, retryAfterMs: number | null) {
    super(parts);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The server met a fault of its own. */
export class ServerFaultError extends ClientError {}

/** There was no whole answer in the time that was allowed. */
export class ReadTimeoutError extends ClientError {
  constructor(timeoutMs: number, cause: unknown) {
    super({
      code: 'read_timeout',
      message: `There was no answer within ${timeoutMs} ms.`,
      remedy: 'Ask for less, or allow more time by timeoutMs.',
      cause,
    });
  }
}

/** The server could not be reached, or went away before its answer was whole. */
export class ConnectionLostError extends ClientError {
  constructor(cause: unknown) {
    super({
      code: 'connection_lost',
      message: 'The connection to the query API failed before the answer was whole.',
      remedy: 'Read again; if it goes on, look whether baseUrl is right and the server runs.',
      cause,
    });
  }
}

/** What came is no answer of a query API. */
export class AnswerInvalidError extends ClientError {
  constructor(status: number, cause?: unknown) {
    super({
      code: 'answer_invalid',
      message: `The answer (status ${status}) is none that a query API gives.`,
      remedy: 'Look whether baseUrl leads to the query API, and what stands between.',
      status,
      cause,
    });
  }
}

/** Writes were noted that are written in no way that a command API writes them. */
export class WritesMalformedError extends ClientError {
  constructor(given: string) {
    super({
      code: 'writes_malformed',
      message: `Writes are noted as order/018f…@7, and these are: ${given.slice(0, 200)}`,
      remedy: 'Pass on the Prejoin-Wrote header of a command as it is.',
    });
  }
}
