import { randomBytes } from 'node:crypto';
import { forPeople } from '#kernel';
import { dropIndices } from '../stack/clean-up.js';
import { bringUpServers, createDatabases, dropDatabases, randomPassword } from '../stack/index.js';

/** A projection database and an index prefix of a benchmark's own. */
export interface BenchSpace {
  readonly databaseUrl: string;
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
  const database = `${prefix}_projection`;
  const urls = await createDatabases(servers.urls.postgres, [{ name: database, password: randomPassword() }]);
  try {
    await measure({
      databaseUrl: urls[database] ?? '',
      elasticsearchUrl: servers.urls.elasticsearch,
      indexPrefix: `${prefix}-`,
    });
  } finally {
    await dropIndices(servers.urls.elasticsearch, prefix);
    await dropDatabases(servers.urls.postgres, `${prefix}_`);
    await servers.release();
  }
}
