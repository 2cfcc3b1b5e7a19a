import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestSpace, type TestSpace } from '#testing';
import { databaseNames } from '../stack/index.js';
import { freePort } from '../stack/launch.js';
import { checkoutFolder, type AppName } from '../stack/apps.js';
import { installation, migrate, type Installation } from './installation.js';

export interface TestInstallation extends Installation {
  /** What an app has logged so far, a line each. */
  logOf(name: AppName): readonly Readonly<Record<string, unknown>>[];
  readonly space: TestSpace;
  readonly env: Readonly<Record<string, string>>;
  /** Stops the apps and drops all that they made. */
  dispose(): Promise<void>;
}

/** The three apps with databases, indices and queues of their own; `servers` replaces shared servers by private ones. */
export async function testInstallation(
  servers: { readonly rabbitmq?: string; readonly elasticsearch?: string } = {},
  env: Readonly<Record<string, string>> = {},
): Promise<TestInstallation> {
  const space = await createTestSpace({
    databases: databaseNames,
    rabbitmq: servers.rabbitmq === undefined,
    elasticsearch: servers.elasticsearch === undefined,
  });
  const logFolder = mkdtempSync(join(tmpdir(), 'prejoin-apps-'));
  const [commands, projector, queries] = [await freePort(), await freePort(), await freePort()];
  const allEnv = {
    ...Object.fromEntries(
      databaseNames.map((name) => [`${name.toUpperCase()}_DATABASE_URL`, space.databaseUrl(name)]),
    ),
    RABBITMQ_URL: servers.rabbitmq ?? space.rabbitmqUrl,
    ELASTICSEARCH_URL: servers.elasticsearch ?? space.elasticsearchUrl,
    BUS_PREFIX: space.busPrefix,
    INDEX_PREFIX: space.indexPrefix,
    CURSOR_SECRET: randomUUID(),
    // Several installations share the connections of one server while tests run side by side.
    DATABASE_POOL_SIZE: '3',
    ...env,
  };
  await migrate(allEnv);
  const apps = installation({
    env: allEnv,
    ports: { 'command-api': commands, projector, 'query-api': queries },
    logFolder,
  });
  return {
    ...apps,
    space,
    env: allEnv,
    logOf: (name) => parseLog(readFileSync(apps.app(name).logFile, 'utf8')),
    async dispose() {
      await apps.stopAll();
      await space.dispose();
      rmSync(logFolder, { recursive: true, force: true });
    },
  };
}

/** The whole lines of a log that may still be written to; what is no JSON (a crash's stack) is left out. */
function parseLog(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line on an installation, as its users do. */
export function prejoin(apps: Pick<TestInstallation, 'env'>, ...args: readonly string[]): Promise<Ended> {
  return startPrejoin(apps, ...args).ended;
}

export interface RunningPrejoin {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** As `prejoin`, told of before it has ended. */
export function startPrejoin(
  { env }: Pick<TestInstallation, 'env'>,
  ...args: readonly string[]
): RunningPrejoin {
  const child = spawn(process.execPath, [join(checkoutFolder, 'bin/prejoin.mjs'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended };
}
