import {
  choiceVariable,
  integerVariable,
  logLevels,
  readConfig,
  textVariable,
  urlVariable,
  type ConfigOf,
  type ConfigSpec,
} from '#kernel';

type Env = Readonly<Record<string, string | undefined>>;

/** What everything that touches the projection needs: the projector, its migration and the CLI. */
const projectionSpec = {
  PROJECTION_DATABASE_URL: urlVariable({
    meaning: 'The projector’s own database.',
    protocols: ['postgres:', 'postgresql:'],
    example: 'postgres://projection:secret@127.0.0.1:5432/projection',
  }),
  ELASTICSEARCH_URL: urlVariable({
    meaning: 'The index server.',
    protocols: ['http:', 'https:'],
    default: 'http://127.0.0.1:9200',
    example: 'https://user:secret@search:9200',
  }),
  INDEX_PREFIX: textVariable({
    meaning:
      'What the names of all indices and aliases begin with; the same for all apps of one installation.',
    default: '',
    example: 'staging-',
  }),
  LOG_LEVEL: choiceVariable({
    meaning: 'The least severe level that is logged.',
    values: logLevels,
    default: 'info',
    example: 'debug',
  }),
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
  HOST: textVariable({ meaning: 'The address to listen on.', default: '127.0.0.1', example: '0.0.0.0' }),
  PROJECTOR_PORT: integerVariable({
    meaning: 'The port of health and metrics; 0 takes a free one.',
    default: '3002',
    example: '8080',
    min: 0,
    max: 65_535,
  }),
  RABBITMQ_URL: urlVariable({
    meaning: 'The broker that events come from.',
    protocols: ['amqp:', 'amqps:'],
    default: 'amqp://guest:guest@127.0.0.1:5672',
    example: 'amqp://prejoin:secret@broker:5672',
  }),
  BUS_PREFIX: textVariable({
    meaning: 'What all names on the broker begin with; the same for all apps of one installation.',
    default: 'prejoin',
    example: 'staging',
  }),
  SHUTDOWN_TIMEOUT_MS: integerVariable({
    meaning: 'How long a stop waits for the batches in hand, in milliseconds.',
    default: '10000',
    example: '25000',
    min: 100,
    max: 600_000,
  }),
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
