import {
  busPrefixVariable,
  databaseUrlVariable,
  elasticsearchUrlVariable,
  hostVariable,
  indexPrefixVariable,
  integerVariable,
  logLevelVariable,
  portVariable,
  rabbitmqUrlVariable,
  readConfig,
  shutdownTimeoutVariable,
  type ConfigOf,
  type ConfigSpec,
} from '#kernel';

type Env = Readonly<Record<string, string | undefined>>;

/** What everything that touches the projection needs: the projector, its migration and the CLI. */
const projectionSpec = {
  PROJECTION_DATABASE_URL: databaseUrlVariable('projection', 'The projector’s own database.'),
  ELASTICSEARCH_URL: elasticsearchUrlVariable,
  INDEX_PREFIX: indexPrefixVariable,
  LOG_LEVEL: logLevelVariable,
  BUILD_DEADLINE_MS: integerVariable({
    meaning:
      'How old a snapshot may be when the last document that was read from it is sent, in milliseconds.',
    default: '30000',
    example: '60000',
    min: 1_000,
    max: 600_000,
  }),
} satisfies ConfigSpec;

const serverSpec = {
  HOST: hostVariable,
  PROJECTOR_PORT: portVariable(3002),
  RABBITMQ_URL: rabbitmqUrlVariable,
  BUS_PREFIX: busPrefixVariable,
  SHUTDOWN_TIMEOUT_MS: shutdownTimeoutVariable('the batches in hand'),
  APPLY_BATCH: integerVariable({
    meaning: 'The most events that are applied in one transaction.',
    default: '500',
    example: '1000',
    min: 1,
    max: 10_000,
  }),
  APPLY_PREFETCH: integerVariable({
    meaning: 'The most events that are held unacknowledged; this bounds memory.',
    default: '2000',
    example: '4000',
    min: 1,
    max: 65_535,
  }),
  FAN_OUT_CHUNK: integerVariable({
    meaning: 'The most roots that one look-up marks in one transaction.',
    default: '1000',
    example: '5000',
    min: 1,
    max: 100_000,
  }),
  BUILD_BATCH: integerVariable({
    meaning: 'The most marks that are claimed, and so the most documents that are read and sent, at once.',
    default: '500',
    example: '1000',
    min: 1,
    max: 10_000,
  }),
  BUILD_LANES: integerVariable({
    meaning: 'Claims that are worked on side by side; every second one takes the newest marks first.',
    default: '2',
    example: '4',
    min: 1,
    max: 32,
  }),
} satisfies ConfigSpec;

/** Every variable that this app reads, for docs/configuration.md. */
export const configSpec: ConfigSpec = { ...serverSpec, ...projectionSpec };

export type ProjectionConfig = ConfigOf<typeof projectionSpec>;
export type ProjectorConfig = ProjectionConfig & ConfigOf<typeof serverSpec>;

/** @throws {ConfigError} naming all that is missing or wrong */
export function readProjectorConfig(env: Env = process.env): ProjectorConfig {
  return readConfig({ ...serverSpec, ...projectionSpec }, env);
}

/** What migrating and the CLI need: no broker, no port. @throws {ConfigError} */
export function readProjectionConfig(env: Env = process.env): ProjectionConfig {
  return readConfig(projectionSpec, env);
}
