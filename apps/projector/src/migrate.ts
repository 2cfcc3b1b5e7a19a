import { createLogger, messageOf, PrejoinError } from '#kernel';
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
  const remedy = error instanceof PrejoinError ? error.remedy : undefined;
  process.stderr.write(`${messageOf(error)}\n${remedy === undefined ? '' : `${remedy}\n`}`);
  process.exitCode = 1;
}
