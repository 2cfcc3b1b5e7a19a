import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createDatabases, databaseNames, randomPassword, type DatabaseName } from './databases.js';
import { withLock } from './lock.js';
import { bringUpServers, type ServersOptions, type ServerUrls } from './servers.js';
import { cacheFolderOf, readState, writeState } from './state.js';

export interface BringUpOptions extends Omit<ServersOptions, 'holder'> {
  readonly holder?: string;
  /** Before every database and role name, so that several installations share a server; empty unless told. */
  readonly databasePrefix?: string;
}

/** A running stack with the databases of the example domain. */
export interface Stack extends ServerUrls {
  /** The connection URL of each database as its own role. */
  readonly databases: Readonly<Record<DatabaseName, string>>;
  /** What the apps want to find in their environment: `ORDERS_DATABASE_URL`, …, `RABBITMQ_URL`, `ELASTICSEARCH_URL`. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops what was started for us, unless another process still uses it; databases and data stay. */
  stop(): Promise<void>;
}

/**
 * Brings up the servers and makes the six databases with their roles. Doing it again, or twice at once, leads to the
 * same databases with the same passwords.
 * @throws {StackError} a sentence for each thing that is not to be had
 */
export async function bringUp({
  databasePrefix = '',
  holder = 'stack',
  ...options
}: BringUpOptions): Promise<Stack> {
  const servers = await bringUpServers({ ...options, holder });
  try {
    const accounts = await accountsOf(databasePrefix, options);
    const urls = await createDatabases(servers.urls.postgres, accounts);
    const databases = Object.fromEntries(
      databaseNames.map((name) => [name, urls[databasePrefix + name]]),
    ) as Record<DatabaseName, string>;
    options.log(`Databases: ${databaseNames.map((name) => databasePrefix + name).join(', ')}`);
    return {
      ...servers.urls,
      databases,
      env: environmentOf(databases, servers.urls),
      stop: () => servers.release(),
    };
  } catch (error) {
    await servers.release();
    throw error;
  }
}

/** Passwords are drawn once per role and kept, so that what wrote them down earlier goes on working. */
async function accountsOf(prefix: string, { env = process.env, log }: Pick<ServersOptions, 'env' | 'log'>) {
  const folder = cacheFolderOf(env);
  return withLock(join(folder, 'stack.lock'), log, () => {
    const state = readState(folder);
    const accounts = databaseNames.map((name) => {
      const role = prefix + name;
      return { name: role, password: (state.passwords[role] ??= randomPassword()) };
    });
    writeState(folder, state);
    return accounts;
  });
}

function environmentOf(
  databases: Readonly<Record<DatabaseName, string>>,
  urls: ServerUrls,
): Record<string, string> {
  const perDatabase = databaseNames.map(
    (name) => [`${name.toUpperCase()}_DATABASE_URL`, databases[name]] as const,
  );
  return {
    ...Object.fromEntries(perDatabase),
    RABBITMQ_URL: urls.rabbitmq,
    ELASTICSEARCH_URL: urls.elasticsearch,
  };
}

/** Writes variables in the form of an env file (`node --env-file`). It holds passwords: only the owner may read it. */
export function writeEnvFile(path: string, env: Readonly<Record<string, string>>): void {
  mkdirSync(dirname(path), { recursive: true });
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(path, lines.join(''), { mode: 0o600 });
}
