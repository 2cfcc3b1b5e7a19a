import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { newId } from '#kernel';
import { serverUrls } from '#testing';
import { bringUp, writeEnvFile, type Stack } from './bring-up.js';
import { asAdmin, databaseNames, dropDatabases } from './databases.js';

const prefix = `t_${process.env['PREJOIN_TEST_RUN'] ?? ''}${newId().slice(-8)}_`;
let folder: string;
let stack: Stack;

function start(databasePrefix: string): Promise<Stack> {
  const urls = serverUrls();
  const env = {
    PREJOIN_CACHE_DIR: folder,
    POSTGRES_URL: urls.postgres,
    RABBITMQ_URL: urls.rabbitmq,
    ELASTICSEARCH_URL: urls.elasticsearch,
  };
  return bringUp({ log: () => undefined, holder: 'tests', databasePrefix, env });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'prejoin-databases-'));
  stack = await start(prefix);
});

afterAll(async () => {
  await stack.stop();
  await dropDatabases(serverUrls().postgres, prefix);
  rmSync(folder, { recursive: true, force: true });
});

/** The error code of an attempt to log in, or the role that it got. */
async function logIn(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    const { rows } = await client.query<{ role: string }>('SELECT current_user AS role');
    return rows[0]?.role ?? 'nobody';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  } finally {
    await client.end();
  }
}

test('every role gets into its own database and is refused by every other one', async () => {
  for (const role of databaseNames) {
    for (const database of databaseNames.map((name) => prefix + name)) {
      const url = new URL(stack.databases[role]);
      url.pathname = `/${database}`;
      const answer = await logIn(url.href);
      // 42501: permission denied for database.
      expect([role, database, answer]).toEqual([
        role,
        database,
        database === prefix + role ? prefix + role : '42501',
      ]);
    }
  }
});

test('a role may make tables in its database, and neither databases nor roles', async () => {
  const client = new pg.Client({ connectionString: stack.databases.orders });
  await client.connect();
  await client.query('CREATE TABLE own (id text)');
  await expect(client.query(`CREATE DATABASE ${prefix}more`)).rejects.toMatchObject({ code: '42501' });
  await expect(client.query(`CREATE ROLE ${prefix}more`)).rejects.toMatchObject({ code: '42501' });
  await client.end();
});

test('starting again, twice at once, keeps passwords and data', async () => {
  const [a, b] = await Promise.all([start(prefix), start(prefix)]);
  expect(a.env).toEqual(stack.env);
  expect(b.env).toEqual(stack.env);
  const client = new pg.Client({ connectionString: a.databases.orders });
  await client.connect();
  expect((await client.query(`SELECT to_regclass('own') IS NOT NULL AS kept`)).rows).toEqual([
    { kept: true },
  ]);
  await client.end();
  await Promise.all([a.stop(), b.stop()]);
});

test('a database of the same name that somebody else made is neither changed nor dropped', async () => {
  const foreign = `${prefix}x_orders`;
  const admin = serverUrls().postgres;
  await asAdmin(admin, (client) => client.query(`CREATE DATABASE ${foreign}`));
  try {
    await expect(start(`${prefix}x_`)).rejects.toThrow(
      `already has a database '${foreign}' that is not Prejoin's`,
    );
    expect(await dropDatabases(admin, `${prefix}x_`)).not.toContain(foreign);
    const privileges = await asAdmin(admin, (client) =>
      client.query(
        `SELECT datacl, pg_get_userbyid(datdba) = current_user AS own FROM pg_database WHERE datname = $1`,
        [foreign],
      ),
    );
    expect(privileges.rows).toEqual([{ datacl: null, own: true }]);
  } finally {
    await asAdmin(admin, (client) => client.query(`DROP DATABASE ${foreign}`));
  }
});

test('an empty prefix drops nothing', async () => {
  await expect(dropDatabases(serverUrls().postgres, '')).rejects.toThrow(RangeError);
});

test('the env file holds what the apps ask for, and only its owner reads it', () => {
  const path = join(folder, 'nested', 'stack.env');
  writeEnvFile(path, stack.env);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const names = readFileSync(path, 'utf8').match(/^[A-Z_]+(?==\S+$)/gm);
  expect(names).toEqual([
    'CUSTOMERS_DATABASE_URL',
    'CATALOG_DATABASE_URL',
    'ORDERS_DATABASE_URL',
    'PAYMENTS_DATABASE_URL',
    'SHIPPING_DATABASE_URL',
    'PROJECTION_DATABASE_URL',
    'RABBITMQ_URL',
    'ELASTICSEARCH_URL',
  ]);
});
