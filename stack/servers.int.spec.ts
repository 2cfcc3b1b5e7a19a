import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, serverUrls } from '#testing';
import { asAdmin } from './databases.js';
import { freePort } from './launch.js';
import { identify, isRunning, killTree, type ProcessIdentity } from './processes.js';
import { bringUpServers, stopStartedServers } from './servers.js';
import { readState } from './state.js';

let cache: string;
let found: NodeJS.ProcessEnv;

beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'prejoin-stack-'));
  // As for every cache folder: the servers may run as another user.
  chmodSync(cache, 0o755);
  const urls = serverUrls();
  found = {
    PREJOIN_CACHE_DIR: cache,
    POSTGRES_URL: urls.postgres,
    RABBITMQ_URL: urls.rabbitmq,
    ELASTICSEARCH_URL: urls.elasticsearch,
  };
});

afterAll(() => rmSync(cache, { recursive: true, force: true }));

/** A log that keeps what it is told. */
function recorder(): { log: (line: string) => void; text: () => string } {
  const lines: string[] = [];
  return { log: (line) => void lines.push(line), text: () => lines.join('\n') };
}

/** All but PostgreSQL are named, so that only it is looked for. */
function withoutPostgres(folder: string): NodeJS.ProcessEnv {
  return { ...found, PREJOIN_CACHE_DIR: folder, POSTGRES_URL: '' };
}

async function query(url: string, sql: string): Promise<unknown[]> {
  return asAdmin(url, async (admin) => (await admin.query<Record<string, unknown>>(sql)).rows);
}

test('servers that the environment names are used, and a release leaves them running', async () => {
  const { log, text } = recorder();
  const servers = await bringUpServers({ log, holder: 'tests', env: found });
  expect(servers.urls).toEqual(serverUrls());
  expect(text()).toMatch(/PostgreSQL: [\d.]+ at postgres:\S+ as POSTGRES_URL says \(\d+\.\d s\)/);
  expect(text()).toMatch(/RabbitMQ: [\d.]+ at amqp:\S+ as RABBITMQ_URL says/);
  expect(text()).toMatch(/Elasticsearch: 8\.\S+ at http:\S+ as ELASTICSEARCH_URL says/);
  await servers.release();
  expect(await query(serverUrls().postgres, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('servers that answer where they usually do are found, and a stop leaves them running', async () => {
  const { log, text } = recorder();
  const urls = serverUrls();
  const servers = await bringUpServers({
    log,
    holder: 'tests',
    env: { ...found, RABBITMQ_URL: '', ELASTICSEARCH_URL: '' },
    ports: {
      rabbitmq: Number(new URL(urls.rabbitmq).port),
      elasticsearch: Number(new URL(urls.elasticsearch).port),
    },
  });
  expect(text()).toMatch(/RabbitMQ: .*found running/);
  expect(text()).toMatch(/Elasticsearch: .*found running/);

  expect(await stopStartedServers({ log, env: found })).toEqual([]);
  const again = await bringUpServers({ log, holder: 'tests', env: found });
  await again.release();
  await servers.release();
});

test('a PostgreSQL that nobody runs is started, shared by a second start, and stopped by the last one', async () => {
  const port = await freePort();
  const env = withoutPostgres(cache);
  const options = { holder: 'tests', env, ports: { postgres: port } };
  const first = recorder();
  const one = await bringUpServers({ ...options, log: first.log });
  expect(first.text()).toMatch(
    new RegExp(`PostgreSQL: 18\\S+ at postgres://postgres@127.0.0.1:${port}/postgres, started`),
  );
  await query(one.urls.postgres, 'CREATE TABLE kept AS SELECT 1 AS n');

  const second = recorder();
  const two = await bringUpServers({ ...options, log: second.log });
  expect(two.urls.postgres).toBe(one.urls.postgres);
  expect(second.text()).toContain('started by an earlier stack');

  await one.release();
  expect(first.text()).toContain('stay up for tests');
  expect(await query(two.urls.postgres, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  await two.release();
  await expect(query(two.urls.postgres, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');

  const third = await bringUpServers({ ...options, log: first.log });
  expect(third.urls.postgres).toBe(one.urls.postgres);
  expect(await query(third.urls.postgres, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  const { postgres } = readState(cache).started;
  expect(await stopStartedServers({ log: first.log, env })).toEqual(['PostgreSQL']);
  expect(postgres && isRunning(postgres.process)).toBe(false);
  await third.release();
}, 90_000);

test('passwords and addresses are kept where only their owner reads them', () => {
  expect(statSync(join(cache, 'stack.json')).mode & 0o777).toBe(0o600);
});

test('a process that got the pid of a server which has ended is not stopped', async () => {
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  const identity = identify(bystander.pid ?? 0);
  if (identity === undefined) throw new Error('the bystander did not start');
  try {
    const { log } = recorder();
    await recordAsStarted({ pid: identity.pid, started: 'at another time' });
    expect(await stopStartedServers({ log, env: found })).toEqual([]);
    expect(isRunning(identity)).toBe(true);

    // The same with its true start time: what is recorded as ours is stopped.
    await recordAsStarted(identity);
    expect(await stopStartedServers({ log, env: found })).toEqual(['PostgreSQL']);
    expect(isRunning(identity)).toBe(false);
  } finally {
    await killTree(identity);
  }
});

async function recordAsStarted(identity: ProcessIdentity): Promise<void> {
  const server = { url: serverUrls().postgres, process: identity };
  writeFileSync(
    join(cache, 'stack.json'),
    JSON.stringify({ passwords: {}, started: { postgres: server }, holders: [] }),
  );
  await eventually(() => expect(readState(cache).passwords).toEqual({}));
}

test('each server that is named and does not answer is a sentence of its own, and nothing stays started', async () => {
  const [rabbit, elastic, postgres] = [await freePort(), await freePort(), await freePort()];
  const { log } = recorder();
  const start = bringUpServers({
    log,
    holder: 'tests',
    env: {
      PREJOIN_CACHE_DIR: cache,
      RABBITMQ_URL: `amqp://guest:hidden@127.0.0.1:${rabbit}`,
      ELASTICSEARCH_URL: `http://127.0.0.1:${elastic}`,
    },
    ports: { postgres },
  });
  const error = await start.then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(error?.message.split('\n')).toEqual([
    expect.stringMatching(
      /^RabbitMQ at amqp:\S+ can not be used \(.+\): start it, or correct or unset RABBITMQ_URL\.$/,
    ),
    expect.stringMatching(
      /^Elasticsearch at \S+ can not be used \(.+\): start it, or .+ ELASTICSEARCH_URL\.$/,
    ),
  ]);
  expect(error?.message).not.toContain('hidden');
  expect(readState(cache).started).toEqual({});
  await expect(query(`postgres://postgres@127.0.0.1:${postgres}/postgres`, 'SELECT 1')).rejects.toThrow(
    'ECONNREFUSED',
  );
}, 60_000);

test('a stranger on the usual port is left alone, and the server is started on another', async () => {
  const stranger = createServer((socket) => socket.resume().end('not PostgreSQL\n'));
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const port = (stranger.address() as { port: number }).port;
  const { log, text } = recorder();
  const servers = await bringUpServers({
    log,
    holder: 'tests',
    env: withoutPostgres(cache),
    ports: { postgres: port },
  });
  try {
    expect(text()).toMatch(
      /PostgreSQL at \S+ can not be used \(.+\): set POSTGRES_URL .+ Another one is started\./,
    );
    expect(new URL(servers.urls.postgres).port).not.toBe(String(port));
    expect(await query(servers.urls.postgres, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  } finally {
    await servers.release();
    await new Promise((resolve) => stranger.close(resolve));
  }
}, 60_000);
