import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy before PostgreSQL that can keep a client from hearing that its transaction has committed. */
export interface CommitProxy {
  readonly url: string;
  /** From the next COMMIT on, nothing that the server says reaches the client of that connection. */
  holdNextCommit(): void;
  close(): Promise<void>;
}

export async function startCommitProxy(url: string): Promise<CommitProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let armed = false;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    let held = false;
    client.on('data', (chunk: Buffer) => {
      // A query message ends its text with a zero byte; pg sends COMMIT in one piece.
      if (armed && chunk.includes('COMMIT\0')) {
        armed = false;
        held = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (!held) client.write(chunk);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // The test kills one end; the other goes with it.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const through = new URL(url);
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: through.href,
    holdNextCommit: () => {
      armed = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
