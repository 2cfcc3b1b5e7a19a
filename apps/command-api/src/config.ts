import {
  busPrefixVariable,
  choicesVariable,
  choiceVariable,
  ConfigError,
  databaseUrlVariable,
  hostVariable,
  integerVariable,
  logLevelVariable,
  portVariable,
  rabbitmqUrlVariable,
  readConfig,
  shutdownTimeoutVariable,
  type ConfigOf,
  type ConfigSpec,
  type Variable,
} from '#kernel';

export const serviceNames = ['customers', 'catalog', 'orders', 'payments', 'shipping'] as const;
export type ServiceName = (typeof serviceNames)[number];

type Env = Readonly<Record<string, string | undefined>>;

const servicesSpec = {
  SERVICES: choicesVariable({
    meaning: 'The services that this process hosts.',
    values: serviceNames,
    default: serviceNames.join(','),
    example: 'orders,payments',
  }),
} satisfies ConfigSpec;

const databaseSpec = {
  DATABASE_POOL_SIZE: integerVariable({
    meaning: 'Connections for commands to each service database; relay, health and metrics use up to 4 more.',
    default: '8',
    example: '20',
    min: 1,
    max: 200,
  }),
  LOG_LEVEL: logLevelVariable,
} satisfies ConfigSpec;

const serverSpec = {
  HOST: hostVariable,
  COMMAND_API_PORT: portVariable(3001),
  RELAY: choiceVariable({
    meaning:
      'Whether this process also publishes the events of its services (`on`) or leaves it to others (`off`).',
    values: ['on', 'off'],
    default: 'on',
    example: 'off',
  }),
  RABBITMQ_URL: rabbitmqUrlVariable,
  BUS_PREFIX: busPrefixVariable,
  RESYNC_PAGE: integerVariable({
    meaning:
      'The most aggregates that `prejoin resync` publishes again in one transaction, which keeps writers of those out.',
    default: '200',
    example: '50',
    min: 1,
    max: 5_000,
  }),
  RESYNC_OUTBOX_ROWS: integerVariable({
    meaning:
      'Publishing again waits while an outbox holds more rows than this, so that ordinary events do not wait long.',
    default: '1000',
    example: '200',
    min: 0,
    max: 1_000_000,
  }),
  SHUTDOWN_TIMEOUT_MS: shutdownTimeoutVariable('running requests and the relay'),
  IDEMPOTENCY_KEY_HOURS: integerVariable({
    meaning: 'How long a repeat with the same Idempotency-Key gets the first answer, in hours.',
    default: '48',
    example: '24',
    min: 1,
    max: 8_760,
  }),
} satisfies ConfigSpec;

/** Name of the variable that holds the URL of a service's own database. */
export function databaseUrlName(service: ServiceName): `${Uppercase<ServiceName>}_DATABASE_URL` {
  return `${service.toUpperCase() as Uppercase<ServiceName>}_DATABASE_URL`;
}

function databaseUrlSpec(services: readonly ServiceName[]): Record<string, Variable<string>> {
  const variables = services.map((service) => [
    databaseUrlName(service),
    databaseUrlVariable(service, `The database of ${service}; needed where ${service} is hosted.`),
  ]);
  return Object.fromEntries(variables) as Record<string, Variable<string>>;
}

/** Every variable that this app reads, for docs/configuration.md. */
export const configSpec: ConfigSpec = {
  ...servicesSpec,
  ...serverSpec,
  ...databaseSpec,
  ...databaseUrlSpec(serviceNames),
};

export interface DatabaseConfig extends ConfigOf<typeof databaseSpec> {
  readonly services: readonly { readonly name: ServiceName; readonly databaseUrl: string }[];
}

export type CommandApiConfig = DatabaseConfig & ConfigOf<typeof serverSpec>;

/** @throws {ConfigError} naming all that is missing or wrong, for all hosted services */
export function readCommandApiConfig(env: Env = process.env): CommandApiConfig {
  return readAll({ ...serverSpec, ...databaseSpec }, env);
}

/** What migrating needs: no broker, no port. @throws {ConfigError} like `readCommandApiConfig` */
export function readMigrationConfig(env: Env = process.env): DatabaseConfig {
  return readAll(databaseSpec, env);
}

/** Which URLs are required depends on SERVICES, so it is read first; its fault must not hide the others. */
function readAll<const S extends ConfigSpec>(
  spec: S,
  env: Env,
): ConfigOf<S> & Pick<DatabaseConfig, 'services'> {
  const faults: string[] = [];
  const attempt = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      return null;
    }
  };
  const services = attempt(() => readConfig(servicesSpec, env))?.SERVICES ?? [];
  const values = attempt(() => readConfig(spec, env));
  const urls = attempt(() => readConfig(databaseUrlSpec(services), env));
  if (faults.length > 0 || values === null || urls === null) throw new ConfigError(faults);
  const hosted = services.map((name) => ({ name, databaseUrl: urls[databaseUrlName(name)]! }));
  return { ...values, services: hosted };
}
