import { hostname, userInfo } from 'node:os';
import { createLogger } from '#kernel';
import type { Operator } from '#projection';
import { readCliConfig, type CliConfig } from '../config.js';
import { openProjection, type Projection } from '../projection.js';

/** What a command of the CLI works with. */
export interface CliProjection extends Projection {
  readonly config: CliConfig;
  /** Who runs the command, for the audit and for whoever has to wait for it. */
  readonly operator: Operator;
}

/** Gives `work` the connections that the environment names, told on standard error first, and closes them after it. */
export async function withProjection(work: (projection: CliProjection) => Promise<void>): Promise<void> {
  const config = readCliConfig();
  process.stderr.write(`${describeTarget(config)}\n`);
  // Standard output is the command's answer, and what is shown on a terminal should not be torn by everyday lines.
  const logger = createLogger(
    'prejoin',
    config.LOG_LEVEL === 'info' ? 'warn' : config.LOG_LEVEL,
    process.stderr,
  );
  const projection = openProjection(config, logger);
  try {
    await work({ ...projection, config, operator: operatorOf(config) });
  } finally {
    await projection.close();
  }
}

/** Aborts at the first Ctrl-C or SIGTERM; the second ends the process as ever. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** Which installation a command is about, in one line, so that nobody changes another one than was meant. No passwords. */
export function describeTarget(config: CliConfig): string {
  return [
    `Target: ${config.PREJOIN_ENVIRONMENT}`,
    `PostgreSQL ${withoutPassword(config.PROJECTION_DATABASE_URL)}`,
    `Elasticsearch ${withoutPassword(config.ELASTICSEARCH_URL)}, indices ${config.INDEX_PREFIX}*`,
    `RabbitMQ ${withoutPassword(config.RABBITMQ_URL)}, names ${config.BUS_PREFIX}.*`,
  ].join(' | ');
}

/** `user@host:port/path`: what tells one server from another. */
export function withoutPassword(url: string): string {
  const { username, host, pathname } = new URL(url);
  return `${username === '' ? '' : `${decodeURIComponent(username)}@`}${host}${pathname === '/' ? '' : pathname}`;
}

function operatorOf(config: CliConfig): Operator {
  return {
    name: config.PREJOIN_OPERATOR === '' ? userName() : config.PREJOIN_OPERATOR,
    host: hostname(),
    process: process.pid,
    environment: config.PREJOIN_ENVIRONMENT,
  };
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
