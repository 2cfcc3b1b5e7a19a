import { execFileSync } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StackError } from './errors.js';

/** Whom a server runs as; undefined means: as we do. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL and Elasticsearch refuse to run as root. When we are root (containers mostly are), they run as the first
 * of these users that exists.
 */
export function unprivilegedUser(candidates: readonly string[]): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of [...candidates, 'nobody']) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid !== undefined && gid !== undefined) return { name, uid, gid };
  }
  throw new StackError(
    `As root a server needs another user to run as, and none of ${candidates.join(', ')}, nobody exists.`,
  );
}

function idOf(kind: '-u' | '-g', name: string): number | undefined {
  try {
    return Number(
      execFileSync('id', [kind, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch (error) {
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
}

export function giveTo(user: SystemUser | undefined, ...paths: readonly string[]): void {
  if (user === undefined) return;
  for (const path of paths) chownSync(path, user.uid, user.gid);
}

/** The first folder on the way to `path` that other users may not pass, or undefined. */
export function barrierOnTheWayTo(path: string): string | undefined {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * @throws {StackError} when the user can not get to a folder that its server shall use: cheaper to read than the
 *   server's own "permission denied"
 */
export function assertReachable(folder: string, user: SystemUser | undefined): void {
  const barrier = user === undefined ? undefined : barrierOnTheWayTo(folder);
  if (user === undefined || barrier === undefined) return;
  throw new StackError(
    `As root a server runs as the user ${user.name}, who may not enter ${barrier}: set PREJOIN_CACHE_DIR to a folder that ` +
      'is open to all users, such as one below /var/cache.',
  );
}
