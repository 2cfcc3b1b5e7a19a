import {
  startPrivateServer,
  type PrivateServer,
  type PrivateServerOptions,
} from '../../../stack/private-servers.js';

/**
 * A PostgreSQL of the test's own, of the embedded version, with autovacuum, fsync and synchronous_commit on, so that
 * what survives `kill` is what was committed. `url` is a superuser's. About 2 s.
 */
export function startPrivatePostgres(
  options?: Pick<PrivateServerOptions, 'settings'>,
): Promise<PrivateServer> {
  return startPrivateServer('postgres', options);
}

/** A RabbitMQ of the test's own, without plugins, user guest. About 6 s. */
export function startPrivateRabbitmq(): Promise<PrivateServer> {
  return startPrivateServer('rabbitmq');
}

/** An Elasticsearch of the test's own with a heap of 512 MB unless told. About 15 s. */
export function startPrivateElasticsearch(
  options?: Pick<PrivateServerOptions, 'settings' | 'heapMb'>,
): Promise<PrivateServer> {
  return startPrivateServer('elasticsearch', options);
}

export type { PrivateServer };
