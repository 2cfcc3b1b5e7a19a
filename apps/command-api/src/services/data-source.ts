import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { messageOf, PrejoinError, type Logger } from '#kernel';
import { outboxTables } from '#outbox';
import { idempotencyTable } from '../edge/idempotency.js';
import type { ServiceDefinition } from './service-definition.js';

export interface DataSourceOptions {
  readonly url: string;
  readonly poolSize: number;
  /** `commands` bounds every statement; a migration may take as long as it needs. */
  readonly use: 'commands' | 'migrations';
  readonly logger: Logger;
}

/**
 * The DataSource of one service, connected. It is made here rather than by @nestjs/typeorm, which registers every
 * DataSource for injection anywhere: a use case is to reach its database by its transaction alone.
 * @throws {PrejoinError} `database_unreachable`
 */
export async function connectDataSource(
  service: ServiceDefinition,
  options: DataSourceOptions,
): Promise<DataSource> {
  const { url, poolSize, use, logger } = options;
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [...service.entities],
    migrations: [...sharedMigrations(), ...service.migrations],
    synchronize: false,
    migrationsTransactionMode: 'each',
    applicationName: `prejoin ${service.name} ${use}`,
    // A transaction is not left to hold its locks by a hanging process, nor a request by a lock.
    extra: {
      max: poolSize,
      pipeline: true,
      connectionTimeoutMillis: 5_000,
      ...(use === 'commands' && {
        statement_timeout: 15_000,
        lock_timeout: 5_000,
        idle_in_transaction_session_timeout: 30_000,
      }),
    },
    // An idle connection that ends is replaced by the pool; the next command does not notice.
    poolErrorHandler: (error: unknown) =>
      logger.warn({ service: service.name, reason: messageOf(error) }, 'An idle database connection ended'),
  });
  try {
    return await dataSource.initialize();
  } catch (error) {
    throw new PrejoinError(
      'database_unreachable',
      `The database of ${service.name} can not be used: ${messageOf(error)}`,
      {
        cause: error,
        remedy: `Check ${service.name.toUpperCase()}_DATABASE_URL and that the server runs.`,
      },
    );
  }
}

/** The tables that every service's database has besides its own: the outbox and the idempotency keys. */
function sharedMigrations(): (new () => MigrationInterface)[] {
  const outbox = outboxTables.map(({ name, sql, down }, i) => {
    const words = name
      .replace(/^\d+_/, '')
      .replaceAll(/(?:^|_)(\w)/g, (_, first: string) => first.toUpperCase());
    return sqlMigration(`${words}${firstMigration + i}`, sql, down);
  });
  return [
    ...outbox,
    sqlMigration(`IdempotencyKey${firstMigration + 1_000}`, idempotencyTable.up, idempotencyTable.down),
  ];
}

/** TypeORM orders migrations by the 13 digits that end their names; a service's own ones come later. */
const firstMigration = 1_762_000_000_000;

function sqlMigration(name: string, up: string, down: string): new () => MigrationInterface {
  return class {
    readonly name = name;
    up = (runner: QueryRunner): Promise<void> => runner.query(up) as Promise<void>;
    down = (runner: QueryRunner): Promise<void> => runner.query(down) as Promise<void>;
  };
}
