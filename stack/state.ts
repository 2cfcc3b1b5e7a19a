import { accessSync, constants, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '#kernel';
import { StackError } from './errors.js';
import { isRunning, type ProcessIdentity } from './processes.js';
import type { ServerKind, StartedServer } from './server.js';

/** A process that uses servers which some stack started, and would miss them. */
export interface Holder {
  /** `stack`, `demo`, `tests`. */
  readonly name: string;
  readonly process: ProcessIdentity;
}

/** What outlives a process: passwords, what was started, and who uses it. It stands in the cache folder, mode 600. */
export interface StackState {
  /** By role. */
  readonly passwords: Record<string, string>;
  readonly started: Partial<Record<ServerKind, StartedServer>>;
  readonly holders: readonly Holder[];
}

const fileName = 'stack.json';

/** Where downloads, data and passwords are kept: outside the checkout, so that a new clone finds them. */
export function cacheFolderOf(env: NodeJS.ProcessEnv): string {
  const asRoot = process.getuid?.() === 0;
  const folder =
    env['PREJOIN_CACHE_DIR'] ||
    (asRoot ? '/var/cache/prejoin' : join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'prejoin'));
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new StackError(
      `The cache folder ${folder} is not to be written (${messageOf(error)}): set PREJOIN_CACHE_DIR to one that is.`,
      error,
    );
  }
  return folder;
}

/** The state without servers and holders that have ended. Read and write it under `withLock` only. */
export function readState(folder: string): StackState {
  let text: string;
  try {
    text = readFileSync(join(folder, fileName), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { passwords: {}, started: {}, holders: [] };
    throw error;
  }
  const state = JSON.parse(text) as StackState;
  const alive = Object.entries(state.started).filter(([, server]) => isRunning(server.process));
  return {
    passwords: state.passwords,
    started: Object.fromEntries(alive),
    holders: state.holders.filter((holder) => isRunning(holder.process)),
  };
}

export function writeState(folder: string, state: StackState): void {
  const path = join(folder, fileName);
  writeFileSync(`${path}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
