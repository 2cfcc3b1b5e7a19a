import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, ownIdentity, type ProcessIdentity } from './processes.js';

/**
 * Runs `work` while no other process of this machine runs under the same lock file, and waits as long as it takes. A
 * lock whose owner is gone is taken over, so a killed process blocks nobody.
 */
export async function withLock<T>(
  path: string,
  log: (line: string) => void,
  work: () => T | Promise<T>,
): Promise<T> {
  await acquire(path, log);
  try {
    return await work();
  } finally {
    rmSync(path);
  }
}

async function acquire(path: string, log: (line: string) => void): Promise<void> {
  const own = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(own, JSON.stringify(ownIdentity()), { mode: 0o600 });
  try {
    for (let announced = false; !linked(own, path);) {
      const owner = readOwner(path);
      if (owner !== undefined && !isRunning(owner)) {
        removeStale(path, owner, `${own}.stale`);
        continue;
      }
      if (!announced && owner !== undefined)
        log(`Waiting for process ${owner.pid}, which is setting up the servers`);
      announced = true;
      await delay(100);
    }
  } finally {
    rmSync(own);
  }
}

/** A link, unlike a new file, appears together with its content. */
function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Another process may have taken the lock over since we read it; then what we moved away is its lock, and goes back. */
function removeStale(path: string, stale: ProcessIdentity, grave: string): void {
  try {
    renameSync(path, grave);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readOwner(grave);
  if (moved?.pid !== stale.pid || moved.started !== stale.started) linked(grave, path);
  rmSync(grave);
}
