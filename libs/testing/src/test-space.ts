import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { openPool } from '#kernel';
import { dropFromBroker, dropIndices } from '../../../stack/clean-up.js';
import { createDatabases, dropDatabases, randomPassword } from '../../../stack/databases.js';
import { busNames, requestQueue } from '#messaging';

export interface TestSpaceOptions {
  /** A PostgreSQL of the test's own (startPrivatePostgres); absent is the shared one, whose settings are its owner's. */
  readonly postgresUrl?: string;
  /** Short names (`orders`); on the server each gets the prefix of the space. */
  readonly databases?: readonly string[];
  readonly elasticsearch?: boolean;
  readonly rabbitmq?: boolean;
}

/** Databases, indices and broker names that belong to one test file, so that files may run side by side. */
export interface TestSpace {
  /** The URL of a database as its own role, which may connect to no other. */
  databaseUrl(name: string): string;
  /** A pool of at most four connections on that database; the same one at every call, closed by `dispose`. */
  pool(name: string): pg.Pool;
  readonly rabbitmqUrl: string;
  /** For `busNames`; exchanges and queues with other names than those are told to `dropLater`. */
  readonly busPrefix: string;
  readonly elasticsearchUrl: string;
  /** Ends in `-`, so that an index is `${indexPrefix}order-search`. */
  readonly indexPrefix: string;
  /** Has `dispose` delete exchanges and queues of the test's own. */
  dropLater(names: { exchanges?: readonly string[]; queues?: readonly string[] }): void;
  /** Drops the indices that were made so far. */
  dropIndices(): Promise<void>;
  /** Closes the pools and drops all that the space made. */
  dispose(): Promise<void>;
}

/** Where the servers are: the environment that Jest's global set-up leaves, else the local defaults. */
export function serverUrls(): { postgres: string; rabbitmq: string; elasticsearch: string } {
  return {
    postgres: process.env['POSTGRES_URL'] || 'postgres://postgres@127.0.0.1:5432/postgres',
    rabbitmq: process.env['RABBITMQ_URL'] || 'amqp://guest:guest@127.0.0.1:5672',
    elasticsearch: process.env['ELASTICSEARCH_URL'] || 'http://127.0.0.1:9200',
  };
}

/**
 * Makes a space of its own on the shared servers. Call it in `beforeAll`, and `dispose` in `afterAll`.
 * Only what the options name may be used: a URL that was not asked for throws, since `dispose` would not clean it up.
 */
export async function createTestSpace(options: TestSpaceOptions = {}): Promise<TestSpace> {
  const shared = serverUrls();
  const urls = { ...shared, postgres: options.postgresUrl ?? shared.postgres };
  // The part that all spaces of one test run share lets the tear-down find what a broken test file left behind.
  const prefix = `t_${process.env['PREJOIN_TEST_RUN'] ?? ''}${randomBytes(4).toString('hex')}`;
  const names = options.databases ?? [];
  const databaseUrls = await createDatabases(
    urls.postgres,
    names.map((name) => ({ name: `${prefix}_${name}`, password: randomPassword() })),
  );
  const pools = new Map<string, pg.Pool>();
  const bus = busNames(prefix);
  const exchanges = new Set([bus.events, bus.deadLetterExchange]);
  const queues = new Set([bus.projectorQueue, bus.deadLetterQueue]);
  // A service's database is called by its name, as its queue of requests is.
  for (const name of names) queues.add(requestQueue(prefix, name));

  const databaseUrl = (name: string): string => {
    const url = databaseUrls[`${prefix}_${name}`];
    if (url === undefined)
      throw new Error(`This test space has no database '${name}': it has ${names.join(', ') || 'none'}.`);
    return url;
  };

  return {
    databaseUrl,
    pool: (name) => {
      const pool = pools.get(name) ?? openTestPool(databaseUrl(name));
      pools.set(name, pool);
      return pool;
    },
    get rabbitmqUrl() {
      return askedFor('rabbitmq', options.rabbitmq, urls.rabbitmq);
    },
    busPrefix: prefix,
    get elasticsearchUrl() {
      return askedFor('elasticsearch', options.elasticsearch, urls.elasticsearch);
    },
    indexPrefix: `${prefix}-`,
    dropLater: (more) => {
      for (const exchange of more.exchanges ?? []) exchanges.add(exchange);
      for (const queue of more.queues ?? []) queues.add(queue);
    },
    dropIndices: () => dropIndices(urls.elasticsearch, prefix),
    dispose: async () => {
      const ended = await Promise.allSettled([
        Promise.all([...pools.values()].map((pool) => pool.end())),
        options.rabbitmq === true ? dropFromBroker(urls.rabbitmq, { exchanges, queues }) : undefined,
        options.elasticsearch === true ? dropIndices(urls.elasticsearch, prefix) : undefined,
        names.length > 0 ? dropDatabases(urls.postgres, `${prefix}_`) : undefined,
      ]);
      const faults = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
      if (faults.length > 0)
        throw new AggregateError(faults, `The test space ${prefix} could not be dropped whole.`);
    },
  };
}

function openTestPool(connectionString: string): pg.Pool {
  const pool = openPool({ connectionString, max: 4 });
  // A test may kill connections on purpose. An idle one that dies is replaced by the pool, and a used one fails its
  // query; without a listener the first would end the whole Jest worker.
  pool.on('error', () => undefined);
  return pool;
}

function askedFor(option: 'rabbitmq' | 'elasticsearch', asked: boolean | undefined, url: string): string {
  if (asked !== true) throw new Error(`Ask for it first: createTestSpace({ ${option}: true }).`);
  return url;
}
