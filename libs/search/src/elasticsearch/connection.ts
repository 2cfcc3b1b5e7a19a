import { Client, errors, Serializer } from '@elastic/elasticsearch';
import { messageOf } from '#kernel';
import { SearchUnavailableError } from '../errors.js';
import type { SearchOptions } from '../search-index.js';
import { endings } from './endings.js';

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
  /** For reads, which may be one call with equal ones: with one that runs already, or only with those that come later. */
  readonly sharing?: 'with running' | 'with later';
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

/** How a read is asked. */
export function readBy({ signal, deadlineMs, fresh }: SearchOptions): Partial<Question> {
  // Closing the connection stops a search on the server.
  return { deadlineMs, sharing: fresh ? 'with later' : 'with running', ...(signal ? { signal } : {}) };
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
  // search that failed is the caller's to repeat. No time-outs by it either: its own end with the headers of an answer,
  // and a deadline is for the whole of it.
  const client = new Client({ node, maxRetries: 0, requestTimeout: 0, Serializer: TextSerializer });
  return {
    ask: (question) => askWithin(client, question, question.deadlineMs ?? requestTimeoutMs),
    close: () => client.close(),
  };
}

async function askWithin(client: Client, question: Question, deadlineMs: number): Promise<Answer> {
  // One signal per call: Node warns of eleven listeners on one, and a batch may ask more often than that.
  const call = new AbortController();
  const ends = endings(question.signal, deadlineMs, () => call.abort());
  try {
    if (ends.reason !== null) throw ends.reason;
    return await ask(client, question, call.signal);
  } catch (error) {
    throw ends.reason ?? translated(error);
  } finally {
    ends.dispose();
  }
}

async function ask(client: Client, question: Question, signal: AbortSignal): Promise<Answer> {
  const { method, path, body, ndjson } = question;
  const [pathname = '', querystring] = path.split('?', 2);
  const { statusCode, body: text } = await client.transport.request<unknown>(
    { method, path: pathname, ...(querystring ? { querystring } : {}), ...bodyOf(body, ndjson) },
    { meta: true, headers: headersOf(question), ignore: everyStatus, signal },
  );
  return { status: statusCode ?? 0, text: typeof text === 'string' ? text : '' };
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

function translated(error: unknown): Error {
  if (error instanceof errors.ProductNotSupportedError)
    return new SearchUnavailableError('what answers there is not Elasticsearch.', { cause: error });
  if (error instanceof errors.ElasticsearchClientError)
    return new SearchUnavailableError(messageOf(error), { cause: error });
  return error instanceof Error ? error : new SearchUnavailableError(messageOf(error), { cause: error });
}
