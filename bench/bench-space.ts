import { randomBytes } from 'node:crypto';
import { forPeople } from '#kernel';
import { busNames } from '#messaging';
import { dropFromBroker, dropIndices } from '../stack/clean-up.js';
import { bringUpServers, createDatabases, dropDatabases, randomPassword } from '../stack/index.js';

/** Two databases, an index prefix and names on the broker, all of a benchmark's own. */
export interface BenchSpace {
  /** Of the projection. */
  readonly databaseUrl: string;
  /** Of a service. */
  readonly serviceDatabaseUrl: string;
  readonly rabbitmqUrl: string;
  /** For `busNames`. */
  readonly busPrefix: string;
  readonly elasticsearchUrl: string;
  readonly indexPrefix: string;
}

export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Brings up servers, runs `measure` in a space of its own that is dropped afterwards, and tells what goes wrong. */
export async function runBench(measure: (space: BenchSpace) => Promise<void>): Promise<void> {
  try {
    await inOwnSpace(measure);
  } catch (error) {
    process.stderr.write(forPeople(error));
    process.exitCode = 1;
  }
}

async function inOwnSpace(measure: (space: BenchSpace) => Promise<void>): Promise<void> {
  const servers = await bringUpServers({ log: (line) => print(`  ${line}`), holder: 'bench' });
  const prefix = `bench_${randomBytes(4).toString('hex')}`;
  const [projection, service] = [`${prefix}_projection`, `${prefix}_service`];
  const bus = busNames(prefix);
  const urls = await createDatabases(
    servers.urls.postgres,
    [projection, service].map((name) => ({ name, password: randomPassword() })),
  );
  try {
    await measure({
      databaseUrl: urls[projection] ?? '',
      serviceDatabaseUrl: urls[service] ?? '',
      rabbitmqUrl: servers.urls.rabbitmq,
      busPrefix: prefix,
      elasticsearchUrl: servers.urls.elasticsearch,
      indexPrefix: `${prefix}-`,
    });
  } finally {
    await dropIndices(servers.urls.elasticsearch, prefix);
    await dropFromBroker(servers.urls.rabbitmq, {
      exchanges: [bus.events, bus.deadLetterExchange],
      queues: [bus.projectorQueue, bus.deadLetterQueue],
    });
    await dropDatabases(servers.urls.postgres, `${prefix}_`);
    await servers.release();
  }
}
