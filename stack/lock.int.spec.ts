import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '#testing';
import { withLock } from './lock.js';
import { identify, killTree, type ProcessIdentity } from './processes.js';

let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prejoin-lock-'));
  lock = join(folder, 'lock');
});

afterEach(() => rmSync(folder, { recursive: true }));

const silent = (): void => undefined;

function startSleeper(): ProcessIdentity {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error('the process did not start');
  return identity;
}

test('under one lock only one works at a time, and nothing of it is left', async () => {
  let working = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++working);
    await new Promise(setImmediate);
    working--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(lock, silent, work)));
  expect(most).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

test('work that fails frees the lock', async () => {
  await expect(withLock(lock, silent, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(lock, silent, () => 'yes')).toBe('yes');
});

test('the lock of a process that was killed is taken over by exactly one of many', async () => {
  const owner = startSleeper();
  writeFileSync(lock, JSON.stringify(owner));
  await killTree(owner);
  let working = 0;
  const work = async (): Promise<void> => {
    expect(++working).toBe(1);
    await new Promise(setImmediate);
    working--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(lock, silent, work)));
  expect(readdirSync(folder)).toEqual([]);
});

test('a lock whose owner lives is waited for, and the waiting is told', async () => {
  const owner = startSleeper();
  writeFileSync(lock, JSON.stringify(owner));
  const lines: string[] = [];
  const waiting = withLock(
    lock,
    (line) => void lines.push(line),
    () => 'done',
  );
  try {
    await eventually(() =>
      expect(lines).toEqual([`Waiting for process ${owner.pid}, which is setting up the servers`]),
    );
    expect(existsSync(lock)).toBe(true);
  } finally {
    await killTree(owner);
  }
  expect(await waiting).toBe('done');
});
