import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface RecordedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Stands before a server, hands everything on, and keeps what was asked. */
export interface Recorder {
  readonly url: string;
  readonly calls: readonly RecordedCall[];
  close(): void;
}

export async function recordCalls(node: string): Promise<Recorder> {
  const calls: RecordedCall[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const { method = 'GET', url: path = '/', headers } = request;
      calls.push({ method, path, headers, body });
      const { accept = '*/*', 'content-type': type } = headers;
      const answer = await fetch(`${node}${path}`, {
        method,
        headers: { accept, ...(type === undefined ? {} : { 'content-type': type }) },
        ...(body === '' ? {} : { body }),
      });
      const kept = ['content-type', 'x-elastic-product'].flatMap((name) => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value] as const];
      });
      response.writeHead(answer.status, Object.fromEntries(kept)).end(await answer.text());
    })().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
