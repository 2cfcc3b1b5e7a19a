import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createTestSpace, eventually, type TestSpace } from '#testing';

const script = fileURLToPath(new URL('../../../bin/prejoin.mjs', import.meta.url));
const migration = fileURLToPath(new URL('../../../dist/apps/projector/src/migrate.js', import.meta.url));
const ORDERS = 4_000;

let space: TestSpace;

function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_OPTIONS: '',
    PROJECTION_DATABASE_URL: space.databaseUrl('projection'),
    ELASTICSEARCH_URL: space.elasticsearchUrl,
    INDEX_PREFIX: space.indexPrefix,
    LOG_LEVEL: 'warn',
    ...more,
  };
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(
  file: string,
  args: readonly string[],
  env = environment(),
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [file, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  return { child, ended };
}

const prejoin = (...args: readonly string[]): Promise<Ended> => start(script, args).ended;

async function untilScanned(roots: number): Promise<void> {
  await eventually(
    async () => {
      const { rows } = await space
        .pool('projection')
        .query<{ scanned: string }>('SELECT scanned FROM rebuild');
      expect(Number(rows[0]?.scanned ?? 0)).toBeGreaterThanOrEqual(roots);
    },
    { timeoutMs: 20_000 },
  );
}

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'], elasticsearch: true });
  const migrated = await start(migration, []).ended;
  expect(migrated).toMatchObject({ code: 0, err: '' });
  await space.pool('projection').query(
    `INSERT INTO copy_order (id, epoch, version, deleted, occurred_at, event_id, data)
     SELECT id, 0, 1, false, now(), id, json_build_object(
       'id', id, 'customerId', 'nobody', 'status', 'pending', 'total', n, 'discount', 0,
       'placedAt', '2026-01-01T00:00:00.000Z', 'lines', json_build_array())
     FROM generate_series(1, $1::int) AS n, lateral (SELECT 'o' || n AS id) AS ids`,
    [ORDERS],
  );
}, 60_000);
afterAll(() => space.dispose());

describe('prejoin', () => {
  it('says what it can do, with examples and exit codes', async () => {
    const { code, out } = await prejoin('--help');
    expect(code).toBe(0);
    expect(out).toMatch(/rebuild .*<view>/);
    expect(out).toContain('Exit codes:');
    expect(out).toContain('$ npx prejoin rebuild order-search');
  });

  it('ends with 2 for bad use, and says what would be good', async () => {
    expect(await prejoin('rebiuld')).toMatchObject({
      code: 2,
      err: expect.stringContaining('rebuild'),
    });
    expect(await prejoin('rebuild')).toMatchObject({ code: 2 });
    expect(await prejoin('rebuild', 'order-search', '--chunk', '0')).toMatchObject({ code: 2 });
    const unknown = await prejoin('rebuild', 'order-saerch');
    expect(unknown).toMatchObject({
      code: 2,
      err: expect.stringContaining('The views are: order-search'),
    });
  });

  it('ends with 2 and all faults for a wrong configuration, without repeating secrets', async () => {
    const env = environment({
      PROJECTION_DATABASE_URL: 'mysql://root:hunter2@db',
      BUILD_DEADLINE_MS: 'soon',
    });
    const { code, err } = await start(script, ['status'], env).ended;
    expect(code).toBe(2);
    expect(err).toContain('PROJECTION_DATABASE_URL');
    expect(err).toContain('BUILD_DEADLINE_MS');
    expect(err).not.toContain('hunter2');
  });

  it('ends with 1 and a sentence when a server is away', async () => {
    const env = environment({ PROJECTION_DATABASE_URL: 'postgres://x@127.0.0.1:1/x' });
    const { code, err } = await start(script, ['status'], env).ended;
    expect(code).toBe(1);
    expect(err).toContain('127.0.0.1:1');
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('lists views without any server', async () => {
    const { code, out } = await start(
      script,
      ['views', '--json'],
      environment({ PROJECTION_DATABASE_URL: '' }),
    ).ended;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([{ view: 'order-search', root: 'order' }]);
  });

  it('goes on with a rebuild that was killed, in plain lines where there is no terminal', async () => {
    const killed = start(script, ['rebuild', 'order-search', '--chunk', '50']);
    await untilScanned(500);
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await prejoin('rebuild', 'order-search')).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /is being rebuilt already, by .*process \d+ since .*: phase scan, \d+ of 4000/,
      ),
    });
    await space.pool('projection').query('UPDATE rebuild SET lease_until = now()');
    const { code, out, err } = await prejoin('rebuild', 'order-search');
    expect(err).toMatch(/scan order-search: [\d, ]+ roots in/);
    expect(err).not.toMatch(/\u001b/);
    expect(out).toContain('with 4,000 documents. It went on with a rebuild that had been killed.');
    expect(code).toBe(0);
  }, 60_000);

  it('gives a rebuild up at SIGTERM, and leaves what is served as it was', async () => {
    const before = JSON.parse((await prejoin('status', '--json')).out) as {
      generations: { state: string }[];
    };
    const cancelled = start(script, ['rebuild', 'order-search', '--chunk', '20']);
    await untilScanned(100);
    cancelled.child.kill('SIGTERM');
    expect(await cancelled.ended).toMatchObject({
      code: 1,
      err: expect.stringContaining('was cancelled'),
    });
    expect(JSON.parse((await prejoin('status', '--json')).out)).toMatchObject({
      generations: before.generations,
    });
  }, 60_000);

  it('shows what is served, what waits and what could not be done', async () => {
    const { code, out } = await prejoin('status');
    expect(code).toBe(0);
    expect(out).toMatch(/order-search +2 +live .* 4,000/);
    expect(out).toMatch(/order-search +1 +previous .* kept for a rollback until/);
    expect(out).toMatch(/marks +0/);
    expect(out).toMatch(/document +0/);
  });
});
