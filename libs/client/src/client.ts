import type { AnyView } from '#views';
import { WritesMalformedError } from './errors.js';
import { Transport, type RequestHeaders } from './transport.js';
import { viewClient, type ViewClient } from './view-client.js';
import { Writes } from './writes.js';

export interface ClientOptions {
  /** Where the query API is: what stands before `/views`. */
  readonly baseUrl: string;
  /** The global one when absent. */
  readonly fetch?: typeof fetch;
  /** Sent with every read; a function is asked before each, for what expires. */
  readonly headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>);
  /** How long one try of a read may take, in milliseconds, beside what the server waits for writes: 10 000 when absent. */
  readonly timeoutMs?: number;
  /** How long the server may wait until own writes are in an answer, in whole seconds: 2 when absent; 0 asks for none. */
  readonly wait?: number;
  /** How often a read is sent again when the server says when to (503 or 429 with `Retry-After`): 2 when absent. */
  readonly retries?: number;
  /** Milliseconds of a clock that never goes back, by which writes grow old: `performance.now` when absent. */
  readonly now?: () => number;
}

/**
 * Reads the views of a query API, and sees what it wrote: commands that are sent by `fetch` tell their writes, and later
 * reads ask for answers that contain them. What it knows of writes is in memory, for this client alone.
 */
export interface Client {
  view<V extends AnyView>(view: V): ViewClient<V>;
  /** By name, when the declaration is imported as a type only: `viewNamed<typeof orderSearch>('order-search')`. */
  viewNamed<V extends AnyView = never>(name: V['name']): ViewClient<V>;
  /** As the global `fetch`, for commands: notes what the answer says was written (`Prejoin-Wrote`). Nothing is added. */
  fetch: typeof fetch;
  /**
   * Notes writes that were told otherwise, as `Prejoin-Wrote` has them: `order/018f…@7, customer/x@3`.
   * @throws {WritesMalformedError}
   */
  noteWrites(text: string): void;
}

export function createClient(options: ClientOptions): Client {
  const { headers = {}, timeoutMs = 10_000, wait = 2, retries = 2 } = options;
  // Called by its name: in a browser it must not lose its window.
  const send: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init));
  const writes = new Writes(options.now ?? (() => performance.now()));
  const transport = new Transport({
    baseUrl: options.baseUrl.replace(/\/+$/, ''),
    fetch: send,
    headers: typeof headers === 'function' ? headers : () => headers,
    timeoutMs,
    wait,
    retries,
    writes,
  });
  return {
    view: <V extends AnyView>(view: V) => viewClient<V>(transport, writes, view.name),
    viewNamed: <V extends AnyView>(name: V['name']) => viewClient<V>(transport, writes, name),
    fetch: async (input, init) => {
      const response = await send(input, init);
      noteAnswer(writes, response);
      return response;
    },
    noteWrites: (text) => writes.note(text),
  };
}

/** The command is done, whatever its answer says of it: a header that can not be read must not make it fail. */
function noteAnswer(writes: Writes, response: Response): void {
  const wrote = response.headers.get('prejoin-wrote');
  if (wrote === null) return;
  try {
    writes.note(wrote);
  } catch (error) {
    if (!(error instanceof WritesMalformedError)) throw error;
  }
}
