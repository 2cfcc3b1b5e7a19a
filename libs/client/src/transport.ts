import type { Freshness } from './answers.js';
import {
  AnswerInvalidError,
  ClientError,
  ConnectionLostError,
  ReadTimeoutError,
  UnavailableError,
} from './errors.js';
import { errorOf, isObject } from './problem.js';
import type { ReadBy, Writes } from './writes.js';

/** How one read is made. */
export interface ReadOptions {
  /** Ends the read; it rejects with the signal's reason, and the server stops too. */
  readonly signal?: AbortSignal;
  /** How long one try may take, in milliseconds, beside what the server waits for writes. */
  readonly timeoutMs?: number;
  /** How long the server may wait until own writes are in the answer, in whole seconds; 0 asks for no writes. */
  readonly wait?: number;
}

export interface TransportOptions {
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  readonly headers: () => RequestHeaders | Promise<RequestHeaders>;
  readonly timeoutMs: number;
  readonly wait: number;
  readonly retries: number;
  readonly writes: Writes;
}
export type RequestHeaders = Readonly<Record<string, string>>;

/** A read of one view. */
export interface Read {
  readonly view: string;
  readonly by: ReadBy;
  /** Below the view: '', '/_search', '/018f…'. */
  readonly path: string;
  readonly query?: URLSearchParams;
  /** Sent as JSON, by POST. */
  readonly body?: object;
  readonly headers?: RequestHeaders;
}

/** What reads of one view are made with. */
export interface ViewReads {
  readonly transport: Transport;
  readonly name: string;
}

/** An answer with what it says of its freshness. */
export interface Answered<T> {
  readonly value: T;
  readonly freshness: Freshness;
}

/** A longer wait than this is not for a caller that waits: it is told at once. */
const longestRetryMs = 10_000;

/**
 * Sends reads, with the writes that the view has to contain. A server that says when to come back (503, 429 with
 * `Retry-After`) is asked again as often as `retries` says.
 */
export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /**
   * @param use reads the answer, whatever its status, within the time that is allowed
   * @throws {ClientError}
   */
  read<T>(
    read: Read,
    { signal, wait, timeoutMs }: ReadOptions,
    use: (response: Response) => Promise<Answered<T>>,
  ): Promise<T> {
    return this.#retried(signal, async () => {
      const { request, tokens, waitMs } = await this.#requestOf(read, wait);
      const deadlineMs = (timeoutMs ?? this.#options.timeoutMs) + waitMs;
      const deadline = AbortSignal.timeout(deadlineMs);
      try {
        const response = await this.#send(read, request, within(deadline, signal));
        const { value, freshness } = await use(response);
        this.#learn(read, tokens, freshness);
        return value;
      } catch (error) {
        if (deadline.aborted && !signal?.aborted) throw new ReadTimeoutError(deadlineMs, error);
        throw failureOf(error, signal);
      }
    });
  }

  /**
   * The text of a long answer as it comes. Time is allowed for each part of it anew, and does not run while the caller is
   * busy with one. Whoever stops to read ends it.
   * @throws {ClientError} also in the middle, when the answer breaks off
   */
  async *stream(read: Read, { signal, wait, timeoutMs }: ReadOptions): AsyncGenerator<string> {
    const stalled = new AbortController();
    const allowedMs = timeoutMs ?? this.#options.timeoutMs;
    const timely = async <T>(step: Promise<T>, moreMs = 0): Promise<T> => {
      const ms = allowedMs + moreMs;
      const timer = setTimeout(() => stalled.abort(new ReadTimeoutError(ms, undefined)), ms);
      try {
        return await step;
      } catch (error) {
        throw stalled.signal.aborted ? stalled.signal.reason : failureOf(error, signal);
      } finally {
        clearTimeout(timer);
      }
    };
    const opened = await this.#retried(signal, async () => {
      const { request, tokens, waitMs } = await this.#requestOf(read, wait);
      const response = await timely(this.#send(read, request, within(stalled.signal, signal)), waitMs);
      if (!response.ok) throw await timely(errorOf(response));
      this.#learn(read, tokens, freshnessIn(response.headers));
      return response;
    });
    const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = opened.body?.getReader();
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const part = await timely(reader?.read() ?? Promise.resolve(null));
        if (part === null || part.done) break;
        yield decoder.decode(part.value, { stream: true });
      }
    } finally {
      // Aborting ends the connection, and with it the server's search.
      stalled.abort();
    }
  }

  async #requestOf(
    { view, by, body, headers }: Read,
    wait = this.#options.wait,
  ): Promise<{ readonly request: RequestInit; readonly tokens: readonly string[]; readonly waitMs: number }> {
    const tokens = wait > 0 ? this.#options.writes.pendingFor(view, by) : [];
    const all = new Headers({ ...(await this.#options.headers()), ...headers });
    if (body !== undefined) all.set('content-type', 'application/json');
    if (tokens.length > 0) {
      all.set('prejoin-after', tokens.join(', '));
      all.set('prefer', `wait=${Math.ceil(wait)}`);
    }
    const asked = body === undefined ? { method: 'GET' } : { method: 'POST', body: JSON.stringify(body) };
    return { request: { ...asked, headers: all }, tokens, waitMs: tokens.length > 0 ? wait * 1_000 : 0 };
  }

  #send({ view, path, query }: Read, request: RequestInit, signal: AbortSignal): Promise<Response> {
    const { baseUrl, fetch } = this.#options;
    const asked = query === undefined || query.size === 0 ? '' : `?${query.toString()}`;
    return fetch(`${baseUrl}/views/${encodeURIComponent(view)}${path}${asked}`, { ...request, signal });
  }

  #learn({ view, by }: Read, tokens: readonly string[], { after }: Freshness): void {
    if (after === 'included') this.#options.writes.included(view, by, tokens);
  }

  async #retried<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    for (let left = this.#options.retries; ; left -= 1) {
      try {
        return await run();
      } catch (error) {
        const waitMs = error instanceof UnavailableError ? error.retryAfterMs : null;
        if (waitMs === null || waitMs > longestRetryMs || left <= 0) throw error;
        await pause(waitMs, signal);
      }
    }
  }
}

/** Reads an answer that is an object in JSON. The compiler is told its type by the caller; the server keeps to it. */
export async function readJson<T extends { readonly freshness: Freshness }>(
  response: Response,
): Promise<Answered<T>> {
  if (!response.ok) throw await errorOf(response);
  const body = await parsedBody(response);
  if (!isObject(body)) throw new AnswerInvalidError(response.status);
  const { freshness = unknownFreshness } = body as { readonly freshness?: Freshness };
  // What the server answers is described by its OpenAPI document, and tests hold it to that: nothing is checked twice.
  return { value: { ...body, freshness } as unknown as T, freshness };
}

/** The body as the value that it is in JSON. @throws {AnswerInvalidError} */
export async function parsedBody(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new AnswerInvalidError(response.status, error);
  }
}

const unknownFreshness: Freshness = { lagMs: null };

/** The freshness of an answer whose body is the document itself. */
export function freshnessIn(headers: Headers): Freshness {
  const lag = headers.get('prejoin-lag-ms');
  const after = headers.get('prejoin-after');
  return {
    lagMs: lag !== null && /^\d+$/.test(lag) ? Number(lag) : null,
    ...(after === 'included' || after === 'timeout' ? { after } : {}),
  };
}

function within(own: AbortSignal, callers: AbortSignal | undefined): AbortSignal {
  return callers === undefined ? own : AbortSignal.any([own, callers]);
}

function failureOf(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  return error instanceof ClientError ? error : new ConnectionLostError(error);
}

/** Waits, or rejects with the signal's reason. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      clearTimeout(timer);
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what the caller gave is given back
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', ended);
      resolve();
    }, ms);
    if (signal?.aborted) ended();
    else signal?.addEventListener('abort', ended, { once: true });
  });
}
