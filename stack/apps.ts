import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrejoinError, sleep } from '#kernel';

export type AppName = 'command-api' | 'projector' | 'query-api';

export const appPorts: Readonly<Record<AppName, { readonly variable: string; readonly port: number }>> = {
  'command-api': { variable: 'COMMAND_API_PORT', port: 3001 },
  projector: { variable: 'PROJECTOR_PORT', port: 3002 },
  'query-api': { variable: 'QUERY_API_PORT', port: 3003 },
};

/**
 * The flags of Node that an app runs by, in its start script and in docker-compose.yml too; MiB. What a request of the
 * query API leaves behind is garbage at once; the young generation begins with a megabyte and grows only by what survives,
 * so that it was collected every few dozen requests. A projector's batches live longer than that; where the machine has
 * gigabytes, V8 lets three times of what it needs pile up in the old generation before it looks, and less the less it may have.
 */
export const nodeFlags: Readonly<Record<AppName, readonly string[]>> = {
  'command-api': [],
  projector: ['--max-semi-space-size=32', '--max-old-space-size=1024'],
  'query-api': ['--min-semi-space-size=16', '--max-semi-space-size=32'],
};

export interface RunningApp {
  readonly name: AppName;
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** Whether the process is still there. */
  readonly alive: boolean;
  /** SIGTERM, then SIGKILL after `deadlineMs`; resolves with the exit code (null when killed). */
  stop(deadlineMs?: number): Promise<number | null>;
  /** SIGKILL, as a crash would. */
  kill(): Promise<void>;
}

export interface AppOptions {
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  /** The app's log is appended to `<logFolder>/<name>.log`. */
  readonly logFolder: string;
}

// This file runs from the sources under Jest and from dist/ elsewhere; the apps always run from dist/.
const here = fileURLToPath(new URL('.', import.meta.url));
/** The root of the checkout, whose dist/ holds the built apps. */
export const checkoutFolder = here.includes('/dist/') ? join(here, '../..') : join(here, '..');

/** Starts one app of this checkout as a process of its own. It is not yet ready when this returns: see `untilReady`. */
export function startApp(name: AppName, { port, env, logFolder }: AppOptions): RunningApp {
  mkdirSync(logFolder, { recursive: true });
  const logFile = join(logFolder, `${name}.log`);
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(
    process.execPath,
    [...nodeFlags[name], join(checkoutFolder, `dist/apps/${name}/src/main.js`)],
    {
      env: { ...process.env, ...env, [appPorts[name].variable]: String(port) },
      // A Ctrl-C on the terminal reaches the whole foreground group; the parent decides the order of the stops instead.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  // Being detached, it would outlive a parent that ends in a hurry.
  const takeAlong = (): void => void child.kill('SIGKILL');
  process.once('exit', takeAlong);
  child.once('close', () => {
    process.off('exit', takeAlong);
    log.end();
  });
  if (child.pid === undefined) throw new AppError(name, logFile, 'could not be started');
  return runningApp(name, child, child.pid, `http://127.0.0.1:${port}`, logFile);
}

function runningApp(
  name: AppName,
  child: ChildProcess,
  pid: number,
  url: string,
  logFile: string,
): RunningApp {
  const exited = once(child, 'exit').then(() => child.exitCode);
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    name,
    url,
    pid,
    logFile,
    get alive() {
      return alive();
    },
    async stop(deadlineMs = 15_000) {
      if (!alive()) return child.exitCode;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      const code = await exited;
      clearTimeout(late);
      return code;
    },
    async kill() {
      if (alive()) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** An app that did not start or ended by itself. */
export class AppError extends PrejoinError {
  constructor(name: AppName, logFile: string, what: string) {
    super('app_not_running', `${name} ${what}.`, { remedy: `Its log says why: ${logFile}` });
  }
}

/** Waits until `/health/ready` of the app answers 200. @throws {AppError} when it ends or takes longer than the deadline */
export async function untilReady(app: RunningApp, deadlineMs = 60_000): Promise<void> {
  const giveUpAt = performance.now() + deadlineMs;
  while (performance.now() < giveUpAt) {
    if (!app.alive) throw new AppError(app.name, app.logFile, 'ended while it started');
    if (await answersReady(app.url)) return;
    await sleep(100);
  }
  throw new AppError(app.name, app.logFile, `was not ready after ${deadlineMs / 1_000} s`);
}

/** Whether `/health/ready` answers 200 now; no answer is a no. */
export async function answersReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    // Nobody there is an answer as well.
    return false;
  }
}
