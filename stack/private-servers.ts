import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './launch.js';
import { isRunning, killTree, ownIdentity, terminate, type ProcessIdentity } from './processes.js';
import type { ServerKind, StartedServer } from './server.js';
import { drivers } from './servers.js';
import { cacheFolderOf } from './state.js';

/** A server that belongs to one test, which may do to it what would disturb others on a shared one. */
export interface PrivateServer {
  /** The same over all restarts. */
  readonly url: string;
  readonly pid: number;
  /** Where its data, configuration and log (`server.log`) are. */
  readonly folder: string;
  /** Ends it and its children as a power cut would (SIGKILL). */
  kill(): Promise<void>;
  /** Ends it in its own good order. */
  stop(): Promise<void>;
  /** Starts it again, on the same port with the same data, and resolves when it serves. */
  start(): Promise<void>;
  /** Stops it and deletes its data. */
  dispose(): Promise<void>;
}

export interface PrivateServerOptions {
  /** Settings in the server's own words, over ours (PostgreSQL, Elasticsearch). */
  readonly settings?: Readonly<Record<string, string>>;
  readonly heapMb?: number;
}

/** Starts a server of its own on a free port, with data of its own in the system's folder for temporary files. */
export async function startPrivateServer(
  kind: ServerKind,
  options: PrivateServerOptions = {},
): Promise<PrivateServer> {
  const driver = drivers[kind];
  const parent = mkdtempSync(join(tmpdir(), privateFolderPrefix));
  // The server may run as another user.
  chmodSync(parent, 0o755);
  const port = await freePort();
  const start = async (): Promise<StartedServer> => {
    const started = await driver.start({
      port,
      folder: join(parent, kind),
      cacheFolder: cacheFolderOf(process.env),
      log: () => undefined,
      heapMb: 512,
      shortLived: true,
      ...options,
    });
    const record: PrivateServerRecord = { kind, process: started.process, owner: ownIdentity() };
    writeFileSync(join(parent, recordName), JSON.stringify(record));
    return started;
  };

  let server = await start();
  const stop = async (): Promise<void> => void (await terminate(server.process, driver.stopSignal, 30_000));
  return {
    url: server.url,
    folder: join(parent, kind),
    get pid() {
      return server.process.pid;
    },
    kill: () => killTree(server.process),
    stop,
    start: async () => {
      if (isRunning(server.process)) throw new Error(`${driver.name} at port ${port} still runs.`);
      server = await start();
    },
    dispose: async () => {
      await stop();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

/**
 * Kills private servers whose test process is gone, and deletes their data. A test process that lives on keeps its own.
 * @returns the kinds of those that still ran
 */
export async function removePrivateServers(): Promise<ServerKind[]> {
  const killed: ServerKind[] = [];
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(privateFolderPrefix))) {
    const folder = join(tmpdir(), name);
    const record = readRecord(folder);
    // Without a record the server is only just being started.
    if (record === undefined || isRunning(record.owner)) continue;
    if (isRunning(record.process)) {
      killed.push(record.kind);
      await killTree(record.process);
    }
    rmSync(folder, { recursive: true, force: true });
  }
  return killed;
}

const privateFolderPrefix = 'prejoin-private-';
const recordName = 'private-server.json';

/** For whoever finds the folder after its test process was killed. */
interface PrivateServerRecord {
  readonly kind: ServerKind;
  readonly process: ProcessIdentity;
  readonly owner: ProcessIdentity;
}

function readRecord(folder: string): PrivateServerRecord | undefined {
  const path = join(folder, recordName);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as PrivateServerRecord) : undefined;
}
