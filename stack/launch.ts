import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '#kernel';
import { StackError } from './errors.js';
import { identify, isRunning, killTree, type ProcessIdentity } from './processes.js';
import type { SystemUser } from './system-users.js';

export interface LaunchOptions {
  /** For messages: `PostgreSQL`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly logFile: string;
  readonly user: SystemUser | undefined;
  /** Resolves when the server serves, and rejects while it does not. */
  readonly ready: () => Promise<void>;
  readonly deadlineMs: number;
}

/**
 * Starts a server in a process group of its own, so that Ctrl-C in the terminal reaches only us and we stop it in
 * order, and waits until it serves.
 * @throws {StackError} with the end of its log when it ends or does not serve within the deadline; then it is
 *   killed
 */
export async function launch(options: LaunchOptions): Promise<ProcessIdentity> {
  const log = openSync(options.logFile, 'a', 0o644);
  const child = spawn(options.command, options.args, {
    cwd: options.folder,
    env: options.env,
    detached: true,
    stdio: ['ignore', log, log],
    ...(options.user ? { uid: options.user.uid, gid: options.user.gid } : {}),
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(new StackError(`${options.name} could not be started: ${error.message}`, error)),
    );
  });
  child.unref();
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw ended(options, undefined);
  try {
    await untilReady(options, identity);
  } catch (error) {
    // Nobody else knows of it yet, and it would hold its port and its data.
    await killTree(identity);
    throw error;
  }
  return identity;
}

async function untilReady(options: LaunchOptions, identity: ProcessIdentity): Promise<void> {
  const deadline = performance.now() + options.deadlineMs;
  for (;;) {
    try {
      await options.ready();
      return;
    } catch (error) {
      if (!isRunning(identity)) throw ended(options, error);
      if (performance.now() > deadline) {
        throw new StackError(
          `${options.name} does not serve after ${options.deadlineMs / 1000} s (${messageOf(error)}); its log is ${options.logFile}.`,
          error,
        );
      }
    }
    await delay(100);
  }
}

function ended(options: LaunchOptions, cause: unknown): StackError {
  const lines = readFileSync(options.logFile, 'utf8').trim().split('\n').slice(-8).join('\n');
  return new StackError(
    `${options.name} ended while it started; the end of ${options.logFile} says:\n${lines}`,
    cause,
  );
}

/** A TCP port of the loopback interface that is free at this moment; nothing keeps it free. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}

/** The preferred port if nobody listens there, else any free one. */
export async function portNear(preferred: number): Promise<number> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(preferred, '127.0.0.1', () => resolve(true));
  });
  if (!free) return freePort();
  await new Promise((resolve) => server.close(resolve));
  return preferred;
}
