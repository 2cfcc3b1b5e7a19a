import { createServer, type AddressInfo, type Socket } from 'node:net';
import { silentLogger } from '#kernel';
import type { TestSpace } from '#testing';
import type { CliProjection } from '../cli/with-projection.js';
import { readCliConfig } from '../config.js';
import { openProjection } from '../projection.js';

/** The environment of a command on the servers of a space, which has all three. */
export function cliEnvironment(space: TestSpace): Readonly<Record<string, string>> {
  return {
    PREJOIN_ENVIRONMENT: 'test',
    PREJOIN_OPERATOR: 'tester',
    PROJECTION_DATABASE_URL: space.databaseUrl('projection'),
    ELASTICSEARCH_URL: space.elasticsearchUrl,
    RABBITMQ_URL: space.rabbitmqUrl,
    BUS_PREFIX: space.busPrefix,
    INDEX_PREFIX: space.indexPrefix,
  };
}

/** What `withProjection` gives a command, in this process; `variables` go over those of the space. */
export async function withCliProjection<T>(
  space: TestSpace,
  variables: Readonly<Record<string, string>>,
  work: (projection: CliProjection) => Promise<T>,
): Promise<T> {
  const config = readCliConfig({ ...cliEnvironment(space), ...variables });
  const projection = openProjection(config, silentLogger);
  const operator = { name: 'tester', host: 'here', process: process.pid, environment: 'test' };
  try {
    return await work({ ...projection, config, operator });
  } finally {
    await projection.close();
  }
}

/** Nobody listens there. */
export const awayUrls = {
  PROJECTION_DATABASE_URL: 'postgres://x:secret@127.0.0.1:1/x',
  ELASTICSEARCH_URL: 'http://127.0.0.1:1',
  RABBITMQ_URL: 'amqp://guest:secret@127.0.0.1:1',
} as const;

/** A server that takes connections and never says a word. */
export async function startSilentServer(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
