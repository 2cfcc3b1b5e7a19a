import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  startPrivateServer,
  type PrivateServer,
  type PrivateServerOptions,
} from '../../../stack/private-servers.js';
import { eventually } from './eventually.js';

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

/**
 * Waits until quorum queues of a private RabbitMQ (in the virtual host `/`) would survive a `kill`.
 *
 * A queue that is declared less than about a second before it comes back without a leader, and every operation on it
 * times out for ever: the broker answers the declaration before the table that names the queue's log is on disk (seen on
 * 3.10.8; with 0 ms between declaration and kill always, with 1 s never). That is the broker's fault and not what our
 * tests look for.
 */
export async function untilQueuesAreOnDisk(
  rabbitmq: PrivateServer,
  queues: readonly string[],
): Promise<void> {
  const quorum = join(rabbitmq.folder, 'mnesia', 'node', 'quorum');
  await eventually(() => {
    const tables = readdirSync(quorum).map((node) =>
      readFileSync(join(quorum, node, 'names.dets'), 'latin1'),
    );
    const absent = queues.filter((queue) => !tables.some((table) => table.includes(`%2F_${queue}`)));
    if (absent.length > 0) throw new Error(`not yet on disk: ${absent.join(', ')}`);
  });
}

/** An Elasticsearch of the test's own with a heap of 512 MB unless told. About 10 s. */
export function startPrivateElasticsearch(
  options?: Pick<PrivateServerOptions, 'settings' | 'heapMb'>,
): Promise<PrivateServer> {
  return startPrivateServer('elasticsearch', options);
}

export type { PrivateServer };
