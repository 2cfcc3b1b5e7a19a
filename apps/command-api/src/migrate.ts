import { createLogger, forPeople } from '#kernel';
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
  process.stderr.write(forPeople(error));
  process.exitCode = 1;
}
