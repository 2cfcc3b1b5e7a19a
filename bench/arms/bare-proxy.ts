import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

/** A call of the search server, in which one part differs from request to request. */
export interface BareCall {
  readonly method: 'GET' | 'POST';
  /** What stands around that part; one text where it does not occur. */
  readonly path: readonly string[];
  readonly body: readonly string[] | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface BareCalls {
  readonly node: string;
  readonly get: BareCall;
  readonly list: BareCall;
}

/**
 * The least that a server can do for a reader: it sends a call that is ready but for one part, on connections that are
 * kept, and hands the bytes on as they come. `/get/…` and `/list/…` carry the part.
 */
async function serve({ node, get, list }: BareCalls): Promise<void> {
  // As many connections as the query API's own client may have.
  const pool = new Pool(node, { connections: 256, pipelining: 1 });
  const server = createServer((request, response) => {
    const [, kind, part = ''] = (request.url ?? '').split('/', 3);
    void forward(pool, kind === 'get' ? get : list, part, response);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
}

async function forward(
  pool: Pool,
  { method, path, body, headers }: BareCall,
  part: string,
  response: ServerResponse<IncomingMessage>,
): Promise<void> {
  try {
    await pool.stream(
      {
        method,
        path: path.join(part),
        headers,
        body: body === null ? null : body.join(part),
      },
      ({ statusCode, headers: answered }) => {
        const kept = ['content-type', 'content-length'].flatMap((name) => {
          const value = answered[name];
          return value === undefined ? [] : [[name, value] as const];
        });
        response.writeHead(statusCode, Object.fromEntries(kept));
        return response;
      },
    );
  } catch (error) {
    response.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

await serve(JSON.parse(process.env['BARE_CALLS'] ?? '') as BareCalls);
