import type { DataSource } from 'typeorm';
import { PrejoinError, type Logger } from '#kernel';
import { connectDataSource } from './data-source.js';
import type { ServiceDefinition } from './service-definition.js';

/** Any number; it only has to be the same in every process that migrates a service's database. */
const migrationLock = 7_205_001;

/**
 * Runs the migrations of a service that have not run yet, each in its own transaction, and returns their names.
 * Concurrent callers wait for each other: TypeORM takes no lock, and two would both try to make the same tables.
 */
export async function migrateService(
  service: ServiceDefinition,
  url: string,
  logger: Logger,
): Promise<readonly string[]> {
  // One connection holds the lock, the other migrates.
  const dataSource = await connectDataSource(service, { url, poolSize: 2, use: 'migrations', logger });
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    const done = await dataSource.runMigrations();
    return done.map(({ name }) => name);
  } finally {
    // Ending the connection gives the lock back, also after a fault.
    await holder.release();
    await dataSource.destroy();
  }
}

/** @throws {PrejoinError} `migrations_pending`: an app that ran against an older schema would fail request by request */
export async function refusePendingMigrations(
  service: ServiceDefinition,
  dataSource: DataSource,
): Promise<void> {
  if (!(await dataSource.showMigrations())) return;
  throw new PrejoinError('migrations_pending', `The database of ${service.name} lacks migrations.`, {
    remedy: 'Run `npm run migrate` with the same configuration first.',
  });
}
