import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { identify } from '../../../stack/processes.js';
import { startPrivatePostgres, type PrivateServer } from './index.js';

let server: PrivateServer;

beforeAll(async () => {
  server = await startPrivatePostgres({ settings: { checkpoint_timeout: '30min' } });
}, 60_000);

afterAll(() => server.dispose());

async function query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('it is as durable as a production server, with the settings that were asked for', async () => {
  const rows = await query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings
      WHERE name IN ('autovacuum', 'fsync', 'synchronous_commit', 'full_page_writes', 'checkpoint_timeout') ORDER BY name`,
  );
  expect(rows.map((row) => [row.name, row.setting])).toEqual([
    ['autovacuum', 'on'],
    ['checkpoint_timeout', '1800'],
    ['fsync', 'on'],
    ['full_page_writes', 'on'],
    ['synchronous_commit', 'on'],
  ]);
});

test('a kill ends it with every backend, and a start recovers what was committed on the same port', async () => {
  await query(`CREATE TABLE kept AS SELECT 1 AS n`);
  const url = server.url;
  const held = new pg.Client({ connectionString: url });
  held.on('error', () => undefined);
  await held.connect();
  const { rows } = await held.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');

  expect(identify(rows[0]?.pid ?? 0)).toBeDefined();
  await server.kill();
  expect([identify(server.pid), identify(rows[0]?.pid ?? 0)]).toEqual([undefined, undefined]);
  await expect(query('SELECT 1')).rejects.toThrow('ECONNREFUSED');

  await server.start();
  expect(server.url).toBe(url);
  expect(await query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
});

test('after a stop it is gone, and a start brings it back', async () => {
  await server.stop();
  await expect(query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
  await server.start();
  expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a second start while it runs is refused', async () => {
  await expect(server.start()).rejects.toThrow('still runs');
});
