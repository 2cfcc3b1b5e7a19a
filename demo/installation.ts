import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PrejoinError } from '#kernel';
import { checkoutFolder, startApp, untilReady, type AppName, type RunningApp } from '../stack/apps.js';

export interface InstallationOptions {
  /** Connection URLs and names, as the apps read them from their environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<AppName, number>>;
  readonly logFolder: string;
}

/** The three apps over one set of databases, as processes that can be stopped, killed and started again one by one. */
export interface Installation {
  readonly commandUrl: string;
  readonly queryUrl: string;
  readonly projectorUrl: string;
  app(name: AppName): RunningApp;
  /** Starts an app, or starts it again after its process ended; resolves when the process runs, not when it is ready. */
  start(name: AppName): RunningApp;
  startAll(): Promise<void>;
  /** Stops the apps in the order in which data flows, so that each can drain into the next. */
  stopAll(): Promise<void>;
}

const flowOrder: readonly AppName[] = ['command-api', 'projector', 'query-api'];

export function installation({ env, ports, logFolder }: InstallationOptions): Installation {
  const apps = new Map<AppName, RunningApp>();
  const urlOf = (name: AppName): string => `http://127.0.0.1:${ports[name]}`;
  const start = (name: AppName): RunningApp => {
    const app = startApp(name, { port: ports[name], env, logFolder });
    apps.set(name, app);
    return app;
  };
  return {
    commandUrl: urlOf('command-api'),
    queryUrl: urlOf('query-api'),
    projectorUrl: urlOf('projector'),
    app(name) {
      const app = apps.get(name);
      if (app === undefined) throw new Error(`${name} was never started`);
      return app;
    },
    start,
    async startAll() {
      await Promise.all(flowOrder.map((name) => untilReady(start(name))));
    },
    async stopAll() {
      for (const name of flowOrder) await apps.get(name)?.stop();
    },
  };
}

/** Creates or updates all tables, indices and triggers, as `npm run migrate` does. @throws with what the migration printed */
export async function migrate(env: Readonly<Record<string, string>>): Promise<void> {
  for (const app of ['command-api', 'projector']) {
    const child = spawn(process.execPath, [join(checkoutFolder, `dist/apps/${app}/src/migrate.js`)], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) {
      throw new PrejoinError(
        'migration_failed',
        `The migration of ${app} ended with code ${code}:\n${printed}`,
      );
    }
  }
}
