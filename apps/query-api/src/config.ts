import {
  databaseUrlVariable,
  elasticsearchUrlVariable,
  hostVariable,
  indexPrefixVariable,
  integerVariable,
  logLevelVariable,
  portVariable,
  readConfig,
  shutdownTimeoutVariable,
  textVariable,
  type ConfigOf,
  type ConfigSpec,
  type Variable,
} from '#kernel';

type Env = Readonly<Record<string, string | undefined>>;

const shortestSecret = 16;

const cursorSecret: Variable<string> = {
  meaning:
    'Signs the cursors of pages; the same for all query APIs of one installation, or they refuse each other’s. Required when NODE_ENV is production; else made anew at each start.',
  example: 'a-long-random-text-of-32-characters',
  default: '',
  parse: (text) =>
    text.length >= shortestSecret
      ? { value: text }
      : { fault: `must have at least ${shortestSecret} characters` },
};

const projectionDatabase = databaseUrlVariable(
  'projection',
  'The projector’s database, which tells how fresh documents are and whether a write is in them; a role that may only SELECT will do. Empty: neither is known.',
);

const spec = {
  HOST: hostVariable,
  QUERY_API_PORT: portVariable(3003),
  ELASTICSEARCH_URL: elasticsearchUrlVariable,
  INDEX_PREFIX: indexPrefixVariable,
  PROJECTION_DATABASE_URL: {
    ...projectionDatabase,
    default: '',
    parse: (text) => (text === '' ? { value: null } : projectionDatabase.parse(text)),
  } satisfies Variable<string | null>,
  SEARCH_TIMEOUT_MS: integerVariable({
    meaning: 'How long one request may keep the search server busy, in milliseconds.',
    default: '10000',
    example: '3000',
    min: 100,
    max: 600_000,
  }),
  MAX_SNAPSHOTS: integerVariable({
    meaning:
      'The most snapshots and exports that this process holds at once; the search server keeps old segments for each.',
    default: '100',
    example: '20',
    min: 1,
    max: 400,
  }),
  CORS_ORIGINS: textVariable({
    meaning:
      'The origins whose pages may read the answers, separated by commas; `*` is any. The API reads no cookies.',
    default: '*',
    example: 'https://shop.example,https://staff.example',
  }),
  SHUTDOWN_TIMEOUT_MS: shutdownTimeoutVariable('running requests'),
  LOG_LEVEL: logLevelVariable,
} satisfies ConfigSpec;

/** Every variable that this app reads, for docs/configuration.md. */
export const configSpec: ConfigSpec = { ...spec, CURSOR_SECRET: cursorSecret };

export interface QueryApiConfig extends ConfigOf<typeof spec> {
  /** null: the process makes one of its own, and its cursors end with it. */
  readonly CURSOR_SECRET: string | null;
}

/** @throws {ConfigError} naming all that is missing or wrong */
export function readQueryApiConfig(env: Env = process.env): QueryApiConfig {
  const { default: _none, ...required } = cursorSecret;
  const needsSecret = env['NODE_ENV'] === 'production' || Boolean(env['CURSOR_SECRET']);
  if (!needsSecret) return { ...readConfig(spec, env), CURSOR_SECRET: null };
  return readConfig({ ...spec, CURSOR_SECRET: required }, env);
}
