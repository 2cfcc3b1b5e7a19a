import {
  choiceVariable,
  integerVariable,
  logLevels,
  readConfig,
  textVariable,
  urlVariable,
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

const spec = {
  HOST: textVariable({ meaning: 'The address to listen on.', default: '127.0.0.1', example: '0.0.0.0' }),
  QUERY_API_PORT: integerVariable({
    meaning: 'The port to listen on; 0 takes a free one.',
    default: '3003',
    example: '8080',
    min: 0,
    max: 65_535,
  }),
  ELASTICSEARCH_URL: urlVariable({
    meaning: 'The search server that holds the documents.',
    protocols: ['http:', 'https:'],
    default: 'http://127.0.0.1:9200',
    example: 'https://prejoin:secret@search:9200',
  }),
  INDEX_PREFIX: textVariable({
    meaning: 'What the names of all indices and aliases begin with; the same as the projector’s.',
    default: '',
    example: 'staging-',
  }),
  SEARCH_TIMEOUT_MS: integerVariable({
    meaning: 'How long one request may keep the search server busy, in milliseconds.',
    default: '10000',
    example: '3000',
    min: 100,
    max: 600_000,
  }),
  CORS_ORIGINS: textVariable({
    meaning:
      'The origins whose pages may read the answers, separated by commas; `*` is any. The API reads no cookies.',
    default: '*',
    example: 'https://shop.example,https://staff.example',
  }),
  SHUTDOWN_TIMEOUT_MS: integerVariable({
    meaning: 'How long a stop waits for running requests, in milliseconds.',
    default: '10000',
    example: '25000',
    min: 100,
    max: 600_000,
  }),
  LOG_LEVEL: choiceVariable({
    meaning: 'The least severe level that is logged.',
    values: logLevels,
    default: 'info',
    example: 'debug',
  }),
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
