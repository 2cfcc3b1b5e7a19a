import { Client, errors, Serializer } from '@elastic/elasticsearch';
import { messageOf } from '#kernel';
import { SearchCancelledError, SearchTimeoutError, SearchUnavailableError } from '../errors.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Ready path with its query string; names in it are encoded by the caller. */
  readonly path: string;
  /** Ready JSON, or ready NDJSON for a bulk. */
  readonly body?: string;
  readonly ndjson?: true;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

/**
 * One way to speak with Elasticsearch: ready bytes out, text in, every status an answer. Only a missing answer throws:
 * unavailable, timeout or cancelled.
 *
 * The official client is used for what it does well (pools, TLS, authentication, compatibility headers). Its typed
 * methods are not: they parse every body, and documents must pass byte for byte.
 */
export interface Connection {
  ask(question: Question): Promise<Answer>;
  close(): Promise<void>;
}

/** Hands the text on; who needs a structure parses it. */
class TextSerializer extends Serializer {
  // The type parameter is the base class's, which takes the caller's word for what the text holds; here it is `unknown`.
  override deserialize<T>(text: string): T {
    return text as T;
  }
}

const everyStatus = Array.from({ length: 200 }, (_, index) => 400 + index);

export function connect(node: string, requestTimeoutMs: number): Connection {
  // No retries by the client: old document bytes must never be sent again (a newer snapshot is read instead), and a
  // search that failed is the caller's to repeat.
  const client = new Client({
    node,
    maxRetries: 0,
    requestTimeout: requestTimeoutMs,
    Serializer: TextSerializer,
  });
  return {
    ask: (question) => ask(client, question, requestTimeoutMs),
    close: () => client.close(),
  };
}

async function ask(client: Client, question: Question, requestTimeoutMs: number): Promise<Answer> {
  const { method, path, body, ndjson, signal, deadlineMs = requestTimeoutMs } = question;
  // Node warns of eleven listeners on one signal, and a batch may ask more often than that; hence one signal per request.
  const own = signal === undefined ? undefined : AbortSignal.any([signal]);
  try {
    const [pathname = '', querystring] = path.split('?', 2);
    const { statusCode, body: text } = await client.transport.request<unknown>(
      { method, path: pathname, ...(querystring ? { querystring } : {}), ...bodyOf(body, ndjson) },
      {
        meta: true,
        headers: headersOf(question),
        ignore: everyStatus,
        requestTimeout: deadlineMs,
        ...(own ? { signal: own } : {}),
      },
    );
    return { status: statusCode ?? 0, text: typeof text === 'string' ? text : '' };
  } catch (error) {
    throw translated(error, deadlineMs, signal);
  }
}

/** A body that is text already would be sent as text/plain; the major version in the type lets a server of the next one answer. */
function headersOf({ body, ndjson }: Question): Record<string, string> {
  const json = 'application/vnd.elasticsearch+json; compatible-with=8';
  return body === undefined || ndjson ? { accept: json } : { accept: json, 'content-type': json };
}

function bodyOf(body: string | undefined, ndjson: true | undefined): { body?: string; bulkBody?: string } {
  if (body === undefined) return {};
  return ndjson ? { bulkBody: body } : { body };
}

function translated(error: unknown, deadlineMs: number, signal: AbortSignal | undefined): Error {
  if (error instanceof errors.TimeoutError) return new SearchTimeoutError(deadlineMs, { cause: error });
  if (error instanceof errors.RequestAbortedError && signal?.aborted) {
    const reason: unknown = signal.reason;
    const timedOut = reason instanceof DOMException && reason.name === 'TimeoutError';
    return timedOut
      ? new SearchTimeoutError(deadlineMs, { cause: error })
      : new SearchCancelledError({ cause: error });
  }
  if (error instanceof errors.ProductNotSupportedError)
    return new SearchUnavailableError('what answers there is not Elasticsearch.', { cause: error });
  if (error instanceof errors.ElasticsearchClientError)
    return new SearchUnavailableError(messageOf(error), { cause: error });
  return error instanceof Error ? error : new SearchUnavailableError(messageOf(error), { cause: error });
}
