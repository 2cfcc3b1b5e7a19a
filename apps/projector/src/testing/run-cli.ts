import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serverUrls, type TestSpace } from '#testing';
import { serviceDatabases } from '../cli/service-databases.js';

const script = fileURLToPath(new URL('../../../../bin/prejoin.mjs', import.meta.url));
const migration = fileURLToPath(new URL('../../../../dist/apps/projector/src/migrate.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** The CLI as its users run it, a process of its own, on the servers of a test space. */
export interface Cli {
  run(...args: readonly string[]): Promise<Ended>;
  /** As `run`, with more variables, and told of before it has ended. */
  start(args: readonly string[], variables?: Readonly<Record<string, string>>): Running;
  /** Runs the projector's migration. */
  migrate(): Promise<Ended>;
}

export function cliOf(space: TestSpace): Cli {
  const start = (
    file: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Running => {
    const env = { ...environmentOf(space), ...variables };
    const child = spawn(process.execPath, [file, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
    return { child, ended };
  };
  return {
    run: (...args) => start(script, args).ended,
    start: (args, variables) => start(script, args, variables),
    migrate: () => start(migration, []).ended,
  };
}

function environmentOf(space: TestSpace): NodeJS.ProcessEnv {
  return {
    ...process.env,
    // Those of a stack that runs here are no part of the space.
    ...Object.fromEntries(serviceDatabases({}).map(({ variable }) => [variable, ''])),
    NODE_OPTIONS: '',
    PROJECTION_DATABASE_URL: space.databaseUrl('projection'),
    ELASTICSEARCH_URL: space.elasticsearchUrl,
    // The space may have no names on the broker; what is looked for there has its prefix all the same.
    RABBITMQ_URL: serverUrls().rabbitmq,
    BUS_PREFIX: space.busPrefix,
    INDEX_PREFIX: space.indexPrefix,
    LOG_LEVEL: 'warn',
  };
}
