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
  textVariable,
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

const brokerSpec = {
  RABBITMQ_URL: rabbitmqUrlVariable,
  BUS_PREFIX: busPrefixVariable,
} satisfies ConfigSpec;

const serverSpec = {
  HOST: hostVariable,
  PROJECTOR_PORT: portVariable(3002),
  ...brokerSpec,
  RELEASE: textVariable({
    meaning: 'What this release is called, such as a commit or an image’s tag; `prejoin status` shows it.',
    default: '',
    example: 'v1.4.2',
  }),
  SHUTDOWN_TIMEOUT_MS: shutdownTimeoutVariable('the batches in hand'),
  APPLY_BATCH: integerVariable({
    meaning:
      'The most events that are applied in one transaction. Batches shrink while the database is slow.',
    default: '4000',
    example: '1000',
    min: 1,
    max: 10_000,
  }),
  APPLY_BATCH_MIN: integerVariable({
    meaning: 'What batches of events shrink to at most.',
    default: '50',
    example: '10',
    min: 1,
    max: 10_000,
  }),
  APPLY_TARGET_MS: integerVariable({
    meaning: 'A batch of events that takes longer halves the next ones, in milliseconds.',
    default: '500',
    example: '250',
    min: 10,
    max: 60_000,
  }),
  APPLY_PREFETCH: integerVariable({
    meaning:
      'The most events that are held unacknowledged, and never more than four batches; this bounds memory.',
    default: '8000',
    example: '2000',
    min: 1,
    max: 65_535,
  }),
  FAN_OUT_CHUNK: integerVariable({
    meaning: 'The most roots that one look-up marks; a key that has as many is worked off in chunks.',
    default: '1000',
    example: '5000',
    min: 1,
    max: 100_000,
  }),
  FAN_OUT_LIST_CHUNK: integerVariable({
    meaning:
      'The same for chunks of keys in lists, each of which finds all roots of the key again: larger, so that they are few.',
    default: '20000',
    example: '50000',
    min: 1,
    max: 1_000_000,
  }),
  FAN_OUT_BACKLOG: integerVariable({
    meaning: 'No chunk of a wide change is marked while so many of such marks wait for a view.',
    default: '10000',
    example: '50000',
    min: 1,
    max: 10_000_000,
  }),
  BUILD_BATCH: integerVariable({
    meaning:
      'The most documents that are claimed, read and sent at once. Claims shrink while the servers are slow or refuse.',
    default: '2000',
    example: '5000',
    min: 1,
    max: 10_000,
  }),
  BUILD_BATCH_MIN: integerVariable({
    meaning: 'What claims shrink to at most.',
    default: '50',
    example: '10',
    min: 1,
    max: 10_000,
  }),
  BUILD_BATCH_BYTES: integerVariable({
    meaning: 'What the documents of one claim may have together, in bytes; one document may exceed it.',
    default: '16777216',
    example: '4194304',
    min: 1_024,
    max: 1_073_741_824,
  }),
  BUILD_TARGET_MS: integerVariable({
    meaning: 'A claim that takes longer halves the next ones, in milliseconds.',
    default: '500',
    example: '1000',
    min: 10,
    max: 600_000,
  }),
  HOT_ROOT_REST_MS: integerVariable({
    meaning:
      'The longest that a document rests which is built again and again and quickly, in milliseconds; 0 builds it at every change.',
    default: '1000',
    example: '5000',
    min: 0,
    max: 600_000,
  }),
  BUILD_LANES: integerVariable({
    meaning:
      'Claims that are worked on side by side; every second one takes the marks of wide changes first. From two on, one more is there for views that take long to read.',
    default: '2',
    example: '4',
    min: 1,
    max: 32,
  }),
} satisfies ConfigSpec;

/** What the command line says of itself, before and while it changes anything. */
const operatorSpec = {
  PREJOIN_ENVIRONMENT: textVariable({
    meaning: 'The name of this installation, which every command of the CLI tells first.',
    default: 'local',
    example: 'production',
  }),
  PREJOIN_OPERATOR: textVariable({
    meaning: 'Who runs a command, for the audit; empty is the user of the operating system.',
    default: '',
    example: 'ann@example.com',
  }),
  QUERY_API_URL: textVariable({
    meaning: 'Where `prejoin doctor` finds the query API; empty is nowhere.',
    default: '',
    example: 'http://query-api:3003',
  }),
} satisfies ConfigSpec;

/** Every variable that this app reads, for docs/configuration.md. */
export const configSpec: ConfigSpec = { ...serverSpec, ...projectionSpec, ...operatorSpec };

export type ProjectionConfig = ConfigOf<typeof projectionSpec>;
export type ProjectorConfig = ProjectionConfig & ConfigOf<typeof serverSpec>;

/** @throws {ConfigError} naming all that is missing or wrong */
export function readProjectorConfig(env: Env = process.env): ProjectorConfig {
  return readConfig({ ...serverSpec, ...projectionSpec }, env);
}

/** What migrating needs: no broker, no port. @throws {ConfigError} */
export function readProjectionConfig(env: Env = process.env): ProjectionConfig {
  return readConfig(projectionSpec, env);
}

const cliSpec = { ...projectionSpec, ...brokerSpec, ...operatorSpec };
export type CliConfig = ConfigOf<typeof cliSpec>;

/** What the commands of the CLI need; which servers a command then asks is its own matter. @throws {ConfigError} */
export function readCliConfig(env: Env = process.env): CliConfig {
  return readConfig(cliSpec, env);
}
