import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '#kernel';
import { eventually, serverUrls } from '#testing';
import { dropDatabases } from './databases.js';

const main = resolve('dist/stack/main.js');
const prefix = `t_${process.env['PREJOIN_TEST_RUN'] ?? ''}${newId().slice(-8)}_`;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prejoin-main-'));
  chmodSync(folder, 0o755);
});

afterAll(async () => {
  await dropDatabases(serverUrls().postgres, prefix);
  rmSync(folder, { recursive: true, force: true });
});

function run(...args: string[]): { child: ChildProcess; output: () => string } {
  const urls = serverUrls();
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      PREJOIN_CACHE_DIR: folder,
      PREJOIN_DATABASE_PREFIX: prefix,
      POSTGRES_URL: urls.postgres,
      RABBITMQ_URL: urls.rabbitmq,
      ELASTICSEARCH_URL: urls.elasticsearch,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  return { child, output: () => output };
}

test('it holds the stack, writes the env file, and ends cleanly on SIGTERM', async () => {
  const { child, output } = run();
  await eventually(() => expect(output()).toContain('Ready.'), { timeoutMs: 30_000 });
  expect(output()).toContain(`Databases: ${prefix}customers, `);
  const env = readFileSync(join(folder, '.prejoin', 'stack.env'), 'utf8');
  expect(env).toContain(`PROJECTION_DATABASE_URL=postgres://${prefix}projection:`);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
}, 60_000);

test('a stop from another terminal ends the process that holds the stack', async () => {
  const { child, output } = run();
  await eventually(() => expect(output()).toContain('Ready.'), { timeoutMs: 30_000 });
  const exit = once(child, 'exit');
  const stop = run('stop');
  expect(await once(stop.child, 'exit')).toEqual([0, null]);
  expect(await exit).toEqual([0, null]);
  expect(stop.output()).toContain('No stack has started a server that still runs.');
}, 60_000);

test('an unknown command is refused with the usage', async () => {
  const { child, output } = run('restart');
  expect(await once(child, 'exit')).toEqual([2, null]);
  expect(output()).toContain('npm run stack -- stop');
  expect(existsSync(join(folder, 'stack.lock'))).toBe(false);
});
