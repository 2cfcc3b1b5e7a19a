import { createServer, request, type Agent } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The body of a 200; whatever else is answered is thrown. With a body, which is JSON, it is posted. */
export function getText(agent: Agent, url: string, body?: string): Promise<string> {
  const options =
    body === undefined
      ? { agent }
      : { agent, method: 'POST', headers: { 'content-type': 'application/json' } };
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`${url} answered ${answer.statusCode} ${text}`));
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Serves GET requests on a free port of this machine. @returns its address */
export async function serve(answer: (url: URL) => Promise<string>): Promise<string> {
  const server = createServer((asked, response) => {
    answer(new URL(asked.url ?? '/', 'http://localhost')).then(
      (text) => {
        const body = Buffer.from(text);
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
        response.end(body);
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  // A connection that closes while a request is on its way would be an error of the measurement.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** Tells whoever started this process where it serves. */
export function announce(urls: Readonly<Record<string, string>>): void {
  process.stdout.write(`${JSON.stringify(urls)}\n`);
}
