export {
  busPrefixVariable,
  databaseUrlVariable,
  elasticsearchUrlVariable,
  hostVariable,
  indexPrefixVariable,
  logLevelVariable,
  portVariable,
  rabbitmqUrlVariable,
  shutdownTimeoutVariable,
} from './app-variables.js';
export {
  choiceVariable,
  choicesVariable,
  ConfigError,
  describeConfig,
  integerVariable,
  readConfig,
  textVariable,
  urlVariable,
  type ConfigOf,
  type ConfigSpec,
  type Variable,
} from './config.js';
export { checkOut } from './check-out.js';
export { openPool } from './open-pool.js';
export { RolledBackError } from './rolled-back-error.js';
export { forPeople, messageOf, PrejoinError, type ErrorDetails } from './errors.js';
export { gatheredLines } from './gathered-lines.js';
export { isUuid, newId } from './ids.js';
export { createLogger, logLevels, silentLogger, type Logger, type LogLevel } from './logging.js';
export { backoffDelay, sleep, systemClock, type Backoff, type Clock } from './time.js';
export { instantOf, isZone, localTime, type LocalTime } from './zones.js';
export { currentTrace, joinTrace, runInTrace, type Trace } from './trace.js';
export { showProgress, type Progress, type ProgressOptions, type ProgressStream } from './progress.js';
export { formatWrites, MOST_WRITES, parseWrites, type Write } from './writes.js';
