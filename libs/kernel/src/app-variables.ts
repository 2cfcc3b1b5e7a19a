import { choiceVariable, integerVariable, textVariable, urlVariable, type Variable } from './config.js';
import { logLevels, type LogLevel } from './logging.js';

/** The variables that several apps read, declared once so that they mean the same in each. */

export const hostVariable: Variable<string> = textVariable({
  meaning: 'The address to listen on.',
  default: '127.0.0.1',
  example: '0.0.0.0',
});

export const logLevelVariable: Variable<LogLevel> = choiceVariable({
  meaning: 'The least severe level that is logged.',
  values: logLevels,
  default: 'info',
  example: 'debug',
});

export const rabbitmqUrlVariable: Variable<string> = urlVariable({
  meaning: 'The broker that events go through.',
  protocols: ['amqp:', 'amqps:'],
  default: 'amqp://guest:guest@127.0.0.1:5672',
  example: 'amqp://prejoin:secret@broker:5672',
});

export const busPrefixVariable: Variable<string> = textVariable({
  meaning: 'What all names on the broker begin with; the same for all apps of one installation.',
  default: 'prejoin',
  example: 'staging',
});

export const elasticsearchUrlVariable: Variable<string> = urlVariable({
  meaning: 'The search server that holds the documents.',
  protocols: ['http:', 'https:'],
  default: 'http://127.0.0.1:9200',
  example: 'https://prejoin:secret@search:9200',
});

export const indexPrefixVariable: Variable<string> = textVariable({
  meaning: 'What the names of all indices and aliases begin with; the same for all apps of one installation.',
  default: '',
  example: 'staging-',
});

export function portVariable(port: number): Variable<number> {
  return integerVariable({
    meaning: 'The port to listen on; 0 takes a free one.',
    default: String(port),
    example: '8080',
    min: 0,
    max: 65_535,
  });
}

/** `waitsFor` ends the sentence "How long a stop waits for …". */
export function shutdownTimeoutVariable(waitsFor: string): Variable<number> {
  return integerVariable({
    meaning: `How long a stop waits for ${waitsFor}, in milliseconds.`,
    default: '10000',
    example: '25000',
    min: 100,
    max: 600_000,
  });
}

/** The URL of a database that its own role may use; there is no default, since it holds a password. */
export function databaseUrlVariable(role: string, meaning: string): Variable<string> {
  return urlVariable({
    meaning,
    protocols: ['postgres:', 'postgresql:'],
    example: `postgres://${role}:secret@127.0.0.1:5432/${role}`,
  });
}
