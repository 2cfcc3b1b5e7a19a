import { createLogger, messageOf, PrejoinError } from '#kernel';
import { readMigrationConfig } from './config.js';
import { allServices } from './services/all-services.js';
import { migrateService } from './services/migrate-service.js';

try {
  const config = readMigrationConfig();
  const logger = createLogger('command-api migrate', config.LOG_LEVEL);
  for (const { name, databaseUrl } of config.services) {
    const done = await migrateService(allServices[name], databaseUrl, logger);
    logger.info({ service: name, migrations: done }, done.length === 0 ? 'Nothing to migrate' : 'Migrated');
  }
} catch (error) {
  const remedy = error instanceof PrejoinError ? error.remedy : undefined;
  process.stderr.write(`${messageOf(error)}\n${remedy === undefined ? '' : `${remedy}\n`}`);
  process.exitCode = 1;
}
