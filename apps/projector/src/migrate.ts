import { createLogger, forPeople } from '#kernel';
import { readProjectionConfig } from './config.js';
import { openProjection, prepareProjection } from './projection.js';

try {
  const config = readProjectionConfig();
  const projection = openProjection(config, createLogger('projector migrate', config.LOG_LEVEL));
  try {
    await prepareProjection(projection, projection.openPool(4));
  } finally {
    await projection.close();
  }
} catch (error) {
  process.stderr.write(forPeople(error));
  process.exitCode = 1;
}
