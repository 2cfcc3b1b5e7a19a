import { mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomPassword } from './databases.js';
import { freePort } from './launch.js';
import { isRunning, killTree, ownIdentity, terminate } from './processes.js';
import type { ServerKind, StartedServer } from './server.js';
import { drivers } from './servers.js';
import { cacheFolderOf } from './state.js';

/** A server that belongs to one test, which may do to it what would disturb others on a shared one. */
export interface PrivateServer {
  /** The same over all restarts. */
  readonly url: string;
  readonly pid: number;
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

export const privateFolderPrefix = 'prejoin-private-';

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
  const password = randomPassword();
  const start = async (): Promise<StartedServer> => {
    const started = await driver.start({
      port,
      password,
      folder: join(parent, kind),
      cacheFolder: cacheFolderOf(process.env),
      log: () => undefined,
      heapMb: 512,
      ...options,
    });
    // For whoever finds the folder after this process was killed.
    const record: PrivateServerRecord = { kind, process: started.process, owner: ownIdentity() };
    writeFileSync(join(parent, recordName), JSON.stringify(record));
    return started;
  };

  let server = await start();
  const stop = async (): Promise<void> => void (await terminate(server.process, driver.stopSignal, 30_000));
  return {
    url: server.url,
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

const recordName = 'private-server.json';

interface PrivateServerRecord {
  readonly kind: ServerKind;
  readonly process: StartedServer['process'];
  readonly owner: StartedServer['process'];
}
