import { join } from 'node:path';
import { messageOf } from '#kernel';
import { elasticsearchDriver } from './elasticsearch.js';
import { StackError } from './errors.js';
import { portNear } from './launch.js';
import { withLock } from './lock.js';
import { embeddedPostgresMajor, postgresDriver } from './postgres.js';
import { ownIdentity, signalProcess, terminate } from './processes.js';
import { rabbitmqDriver } from './rabbitmq.js';
import {
  serverKinds,
  withoutPassword,
  type ServerDriver,
  type ServerKind,
  type StartedServer,
} from './server.js';
import { cacheFolderOf, readState, writeState, type StackState } from './state.js';

export const drivers: Readonly<Record<ServerKind, ServerDriver>> = {
  postgres: postgresDriver,
  rabbitmq: rabbitmqDriver,
  elasticsearch: elasticsearchDriver,
};

export type Log = (line: string) => void;

export interface ServersOptions {
  readonly log: Log;
  /** What others call this process when they ask who uses the servers: `demo`. */
  readonly holder: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Of servers that are started: they are only needed for minutes. */
  readonly shortLived?: boolean;
  /** Where to look for a server, and to start one, in place of its usual port. */
  readonly ports?: Partial<Record<ServerKind, number>>;
}

export type ServerUrls = Readonly<Record<ServerKind, string>>;

export interface Servers {
  readonly urls: ServerUrls;
  /** Stops the servers that a stack started, unless another process still uses them; what was found stays. */
  release(): Promise<void>;
}

interface Located {
  readonly url: string;
  readonly started?: StartedServer;
}

/**
 * Sees to it that the three servers run: those that the environment names, else those that answer on the usual ports
 * (or that an earlier stack started elsewhere), else new ones.
 * @throws {StackError} one sentence for each server that is not to be had; those that were started for it are stopped
 */
export async function bringUpServers(options: ServersOptions): Promise<Servers> {
  const cacheFolder = cacheFolderOf(options.env ?? process.env);
  return withLock(join(cacheFolder, 'stack.lock'), options.log, async () => {
    const state = readState(cacheFolder);
    const results = await Promise.allSettled(
      serverKinds.map(async (kind) => {
        const server = await locate(kind, { ...options, cacheFolder, state });
        return [kind, server] as const;
      }),
    );
    const located = new Map(
      results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    );
    return finish(located, results, options, cacheFolder, state);
  });
}

async function finish(
  located: ReadonlyMap<ServerKind, Located>,
  results: readonly PromiseSettledResult<unknown>[],
  options: ServersOptions,
  cacheFolder: string,
  state: StackState,
): Promise<Servers> {
  const started = { ...state.started };
  for (const [kind, server] of located) if (server.started) started[kind] = server.started;

  const faults = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (faults.length > 0) {
    const fresh = Object.entries(started).filter(([kind]) => !(kind in state.started));
    await stopServers(Object.fromEntries(fresh), options.log);
    throw new StackError(
      faults.map(messageOf).join('\n'),
      faults.length === 1 ? faults[0] : new AggregateError(faults),
    );
  }
  const holder = { name: options.holder, process: ownIdentity() };
  writeState(cacheFolder, { ...state, started, holders: [...state.holders, holder] });
  const urls = Object.fromEntries([...located].map(([kind, { url }]) => [kind, url])) as Record<
    ServerKind,
    string
  >;
  return { urls, release: () => release(cacheFolder, options.log) };
}

interface LocateOptions extends ServersOptions {
  readonly cacheFolder: string;
  readonly state: StackState;
}

async function locate(kind: ServerKind, options: LocateOptions): Promise<Located> {
  const { log, state } = options;
  const driver = drivers[kind];
  const begin = performance.now();
  const seconds = (): string => `${((performance.now() - begin) / 1000).toFixed(1)} s`;

  const named = (options.env ?? process.env)[driver.variable];
  if (named) {
    const remedy = `start it, or correct or unset ${driver.variable}`;
    log(
      `${driver.name}: ${await inspected(driver, named, log, remedy)} as ${driver.variable} says (${seconds()})`,
    );
    return { url: named };
  }
  const earlier = state.started[kind];
  if (earlier) {
    const remedy = 'an earlier stack started it; end it with npm run stack -- stop';
    log(
      `${driver.name}: ${await inspected(driver, earlier.url, log, remedy)}, started by an earlier stack (${seconds()})`,
    );
    return { url: earlier.url, started: earlier };
  }
  const port = options.ports?.[kind] ?? driver.defaultPort;
  const usual = driver.urlAt(port);
  try {
    const remedy = `set ${driver.variable} to use it with other credentials`;
    log(`${driver.name}: ${await inspected(driver, usual, log, remedy)}, found running (${seconds()})`);
    return { url: usual };
  } catch (error) {
    if (!isRefusedConnection(error)) log(`${messageOf(error)} Another one is started.`);
  }
  const started = await driver.start({
    port: await portNear(port),
    folder: join(options.cacheFolder, kind === 'postgres' ? `postgres-${embeddedPostgresMajor()}` : kind),
    cacheFolder: options.cacheFolder,
    log,
    ...(options.shortLived === undefined ? {} : { shortLived: options.shortLived }),
  });
  log(
    `${driver.name}: ${await inspected(driver, started.url, log, 'it was started just now')}, started (${seconds()})`,
  );
  return { url: started.url, started };
}

async function inspected(driver: ServerDriver, url: string, log: Log, remedy: string): Promise<string> {
  if (!URL.canParse(url))
    throw new StackError(
      `${driver.variable} is not a URL; an example is ${driver.urlAt(driver.defaultPort)}.`,
    );
  try {
    const { version, warnings } = await driver.inspect(url);
    for (const warning of warnings) log(`${driver.name}: warning: ${warning}`);
    return `${version} at ${withoutPassword(url)}`;
  } catch (error) {
    throw new StackError(
      `${driver.name} at ${withoutPassword(url)} can not be used (${reasonOf(error)}): ${remedy}.`,
      error,
    );
  }
}

/** An error with what caused it: `fetch failed` says nothing, its cause does. */
function chainOf(error: unknown): { code?: unknown; message?: unknown }[] {
  if (typeof error !== 'object' || error === null) return [];
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  return [error, ...(Array.isArray(errors) ? errors.flatMap(chainOf) : []), ...chainOf(cause)];
}

function isRefusedConnection(error: unknown): boolean {
  return chainOf(error).some((link) => link.code === 'ECONNREFUSED');
}

function reasonOf(error: unknown): string {
  const messages = chainOf(error).flatMap(({ message }) =>
    typeof message === 'string' && message !== '' ? [message] : [],
  );
  return messages.at(-1) ?? String(error);
}

async function release(cacheFolder: string, log: Log): Promise<void> {
  await withLock(join(cacheFolder, 'stack.lock'), log, async () => {
    const state = readState(cacheFolder);
    const own = state.holders.findIndex((holder) => holder.process.pid === process.pid);
    const holders = state.holders.filter((_, i) => i !== own);
    if (holders.length === 0) return stopAll(cacheFolder, { ...state, holders }, log);
    writeState(cacheFolder, { ...state, holders });
    if (Object.keys(state.started).length > 0) {
      log(`The servers stay up for ${holders.map((h) => `${h.name} (process ${h.process.pid})`).join(', ')}`);
    }
  });
}

/**
 * Stops every server that a stack started and that still runs, also while somebody uses it, and ends the processes that
 * merely hold them. Servers that were found are not in the state, so they stay.
 * @returns the names of those that were stopped
 */
export async function stopStartedServers(options: { log: Log; env?: NodeJS.ProcessEnv }): Promise<string[]> {
  const cacheFolder = cacheFolderOf(options.env ?? process.env);
  return withLock(join(cacheFolder, 'stack.lock'), options.log, async () => {
    const state = readState(cacheFolder);
    for (const holder of state.holders) {
      if (holder.name === 'stack') signalProcess(holder.process, 'SIGTERM');
      else options.log(`Stopping the servers under ${holder.name} (process ${holder.process.pid})`);
    }
    await stopAll(cacheFolder, state, options.log);
    return Object.keys(state.started).map((kind) => drivers[kind as ServerKind].name);
  });
}

async function stopAll(cacheFolder: string, state: StackState, log: Log): Promise<void> {
  await stopServers(state.started, log);
  writeState(cacheFolder, { ...state, started: {} });
}

async function stopServers(servers: StackState['started'], log: Log): Promise<void> {
  const stopping = serverKinds.flatMap((kind) => {
    const server = servers[kind];
    return server === undefined ? [] : [stopServer(kind, server, log)];
  });
  await Promise.all(stopping);
}

async function stopServer(kind: ServerKind, server: StartedServer, log: Log): Promise<void> {
  const begin = performance.now();
  const ended = await terminate(server.process, drivers[kind].stopSignal, 30_000);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  log(`${drivers[kind].name}: ${ended ? 'stopped' : 'killed, since it did not stop'} (${seconds} s)`);
}
