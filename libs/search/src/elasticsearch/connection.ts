import { Client, UndiciConnection } from '@elastic/elasticsearch';
import type { SearchOptions } from '../search-index.js';
import { endings } from './endings.js';
import { Exchange, type Answer } from './exchange.js';

export type { Answer } from './exchange.js';

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Ready path with its query string; names in it are encoded by the caller. */
  readonly path: string;
  /** Ready JSON, or ready NDJSON for a bulk. */
  readonly body?: string;
  readonly ndjson?: true;
  readonly signal?: AbortSignal;
  /** In milliseconds, of the whole answer; `Infinity` is none, for who ends it by the signal. */
  readonly deadlineMs?: number;
  /** For reads, which may be one call with equal ones: with one that runs already, or only with those that come later. */
  readonly sharing?: 'with running' | 'with later';
}

/**
 * One way to speak with Elasticsearch: ready bytes out, text in, every status an answer. Only a missing answer throws:
 * unavailable, timeout or cancelled.
 *
 * The official client is used for what it does well (TLS, authentication, who it says that it is), and its pool of
 * connections is asked directly. Its typed methods parse every body, and documents must pass byte for byte; its transport
 * repeats requests and marks nodes, which is nothing for one node and for bytes that must never be sent again.
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

export function connect(node: string, requestTimeoutMs: number): Connection {
  // No time-outs by the client: its own end with the headers of an answer, and a deadline is for the whole of it.
  const client = new Client({ node, requestTimeout: 0 });
  const kept = keptConnections(client);
  const asking = {
    pool: kept.pool,
    headers: headersOf(kept),
    prefix: kept.url.pathname.replace(/\/$/, ''),
  };
  return {
    ask: (question) => askWithin(asking, question, question.deadlineMs ?? requestTimeoutMs),
    close: () => client.close(),
  };
}

/** Those to the one node that it was made with. */
function keptConnections(client: Client): UndiciConnection {
  const [kept] = client.connectionPool.connections;
  if (!(kept instanceof UndiciConnection)) throw new TypeError('The client has no connections of undici.');
  return kept;
}

interface Asking {
  readonly pool: UndiciConnection['pool'];
  readonly headers: Readonly<Record<BodyKind, Readonly<Record<string, string>>>>;
  /** What stands before every path, where the server is not at the root of its host. */
  readonly prefix: string;
}

type BodyKind = 'none' | 'json' | 'ndjson';

/** Made once, for they are the same in every request. The major version in the types lets a server of the next one answer. */
function headersOf({ headers: own }: UndiciConnection): Asking['headers'] {
  const common: Record<string, string> = { accept: mediaType('json') };
  for (const [name, value] of Object.entries(own)) if (typeof value === 'string') common[name] = value;
  return {
    none: common,
    json: { ...common, 'content-type': mediaType('json') },
    ndjson: { ...common, 'content-type': mediaType('x-ndjson') },
  };
}

const mediaType = (form: string): string => `application/vnd.elasticsearch+${form}; compatible-with=8`;

function askWithin(
  { pool, headers, prefix }: Asking,
  { method, path, body, ndjson, signal }: Question,
  deadlineMs: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const exchange = new Exchange(
      (answer) => {
        ends.dispose();
        resolve(answer);
      },
      (error) => {
        ends.dispose();
        reject(error);
      },
    );
    const ends = endings(signal, deadlineMs, (reason) => {
      exchange.end();
      reject(reason);
    });
    if (ends.atOnce) return;
    const kind: BodyKind = body === undefined ? 'none' : ndjson ? 'ndjson' : 'json';
    pool.dispatch({ method, path: `${prefix}${path}`, headers: headers[kind], body: body ?? null }, exchange);
  });
}
