import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A process for as long as it lives: the pid alone would come to mean another process once the system reuses it, and
 * we would kill that one.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the words of the system; compared, never read. */
  readonly started: string;
}

interface ProcessRow extends ProcessIdentity {
  readonly parent: number;
  readonly dead: boolean;
}

/** The identity of the running process with this pid. */
export function identify(pid: number): ProcessIdentity | undefined {
  const row = readProcess(pid);
  return row === undefined || row.dead ? undefined : { pid, started: row.started };
}

export function ownIdentity(): ProcessIdentity {
  const own = identify(process.pid);
  if (own === undefined)
    throw new Error(`process ${process.pid} does not find itself in the system's process table`);
  return own;
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Children, their children, and so on, as far as they have not been adopted by another parent. */
export function descendantsOf(identity: ProcessIdentity): ProcessIdentity[] {
  if (!isRunning(identity)) return [];
  const rows = listProcesses();
  const found: ProcessIdentity[] = [];
  for (let parents = [identity.pid]; parents.length > 0;) {
    const children = rows.filter((row) => parents.includes(row.parent) && !row.dead);
    found.push(...children.map(({ pid, started }) => ({ pid, started })));
    parents = children.map((child) => child.pid);
  }
  return found;
}

/** Kills the process and all its descendants at once, as a power cut would, and waits until they are gone. */
export async function killTree(identity: ProcessIdentity): Promise<void> {
  // Listed before the kill: orphans are adopted and could not be found afterwards.
  const family = [identity, ...descendantsOf(identity)];
  for (const member of family) signalProcess(member, 'SIGKILL');
  await goneWithin(family, 10_000);
}

/**
 * Asks the process to end and waits for it and its descendants; after `graceMs` whatever is left is killed.
 * @returns whether it ended by itself
 */
export async function terminate(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<boolean> {
  const family = [identity, ...descendantsOf(identity)];
  signalProcess(identity, signal);
  if (await goneWithin(family, graceMs)) return true;
  for (const member of family) signalProcess(member, 'SIGKILL');
  await goneWithin(family, 10_000);
  return false;
}

/** Sends a signal unless the process is gone or its pid belongs to another process by now. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    // It ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function goneWithin(family: readonly ProcessIdentity[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (family.some(isRunning)) {
    if (performance.now() > deadline) return false;
    await delay(25);
  }
  return true;
}

function listProcesses(): ProcessRow[] {
  if (process.platform !== 'linux') return listByPs([]);
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => readProcess(Number(pid)) ?? []);
}

function readProcess(pid: number): ProcessRow | undefined {
  return process.platform === 'linux' ? readProc(pid) : listByPs(['-p', String(pid)])[0];
}

function readProc(pid: number): ProcessRow | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  // proc_pid_stat(5): the name in parentheses may itself hold spaces and parentheses. Behind it: state, parent, …, and
  // the start in ticks since boot, which a boot id makes unique.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, threads, ticks] = [fields[0], fields[1], Number(fields[17]), fields[19]];
  // A killed process is a zombie as soon as its first thread has ended; while others are ending it still holds its port
  // (seen: the broker's port accepted a connection after that).
  const dead = (state === 'Z' || state === 'X') && threads <= 1;
  return { pid, parent: Number(parent), started: `${bootId()}:${ticks}`, dead };
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function listByPs(selection: readonly string[]): ProcessRow[] {
  let lines: string;
  try {
    lines = execFileSync(
      'ps',
      [...(selection.length > 0 ? selection : ['-A']), '-o', 'pid=,ppid=,state=,lstart='],
      {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C' },
      },
    );
  } catch (error) {
    // ps answers 1 when it finds none.
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
  return lines.split('\n').flatMap((line) => {
    const [, pid, parent, state, started] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (pid === undefined || state === undefined || started === undefined) return [];
    return [{ pid: Number(pid), parent: Number(parent), started, dead: state.startsWith('Z') }];
  });
}
