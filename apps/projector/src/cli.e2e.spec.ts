import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { cliOf, type Cli, type Ended } from './testing/run-cli.js';

const ORDERS = 4_000;

let space: TestSpace;

let cli: Cli;

const prejoin = (...args: readonly string[]): Promise<Ended> => cli.run(...args);

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
  cli = cliOf(space);
  expect(await cli.migrate()).toMatchObject({ code: 0, err: '' });
  await space.pool('projection').query(
    `INSERT INTO copy_order (id, epoch, version, deleted, occurred_at, event_id, data)
     SELECT id, 0, 1, false, now(), id, json_build_object(
       'id', id, 'customerId', 'nobody', 'status', 'pending', 'total', n, 'discount', 0,
       'placedAt', '2026-01-01T00:00:00.000Z', 'lines', json_build_array())
     FROM generate_series(1, $1::int) AS n, lateral (SELECT 'o' || n AS id) AS ids`,
    [ORDERS],
  );
  // No projector runs, and only one view is rebuilt here: what waits for the others would stand in the way of counting.
  await space.pool('projection').query(
    `DELETE FROM mark WHERE view <> 'order-search';
     DELETE FROM fan_out WHERE route ->> 'view' <> 'order-search'`,
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
    const { code, err } = await cli.start(['status'], {
      PROJECTION_DATABASE_URL: 'mysql://root:hunter2@db',
      BUILD_DEADLINE_MS: 'soon',
    }).ended;
    expect(code).toBe(2);
    expect(err).toContain('PROJECTION_DATABASE_URL');
    expect(err).toContain('BUILD_DEADLINE_MS');
    expect(err).not.toContain('hunter2');
  });

  it('ends with 1 and a sentence when a server is away that it needs, and with 2 when it could not see all', async () => {
    const away = { PROJECTION_DATABASE_URL: 'postgres://x@127.0.0.1:1/x' };
    const { code, err } = await cli.start(['audit'], away).ended;
    expect(code).toBe(1);
    expect(err).toContain('127.0.0.1:1');
    expect(err).not.toMatch(/\n\s+at /);
    const status = await cli.start(['status'], away).ended;
    expect(status).toMatchObject({
      code: 2,
      out: expect.stringContaining('connect ECONNREFUSED 127.0.0.1:1'),
    });
    expect(status.out + status.err).not.toMatch(/\n\s+at /);
  });

  it('lists views without any server', async () => {
    const { code, out } = await cli.start(['views', '--json'], { PROJECTION_DATABASE_URL: '' }).ended;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ view: 'order-search', root: 'order' }));
  });

  it('checks what is declared without any server', async () => {
    const none = { PROJECTION_DATABASE_URL: '' };
    const { code, out } = await cli.start(['check'], none).ended;
    expect(code).toBe(0);
    expect(out).toMatch(/^0 errors, \d+ warnings?$/m);
    const json = await cli.start(['check', 'order-search', '--json'], none).ended;
    expect(JSON.parse(json.out)).toMatchObject({ faults: expect.any(Array), estimates: null });
    expect(await cli.start(['check', 'order-saerch'], none).ended).toMatchObject({
      code: 2,
      err: expect.stringContaining('The views are: order-search'),
    });
  });

  it('estimates from the copies how many documents a change builds, and names the change that builds most', async () => {
    const pool = space.pool('projection');
    await pool.query(
      `INSERT INTO copy_customer (id, epoch, version, deleted, occurred_at, event_id, data)
       VALUES ('nobody', 0, 1, false, now(), 'e', '{"id": "nobody"}')`,
    );
    const { code, out } = await prejoin('check', 'order-search', '--estimate');
    expect(code).toBe(0);
    expect(out).toMatch(/^order-search +\(root\) +order +1 +1 +1 +1,000 at random/m);
    expect(out).toMatch(/^order-search +customer +customer +4,000 +4,000 +4,000 +all 1$/m);
    await pool.query(
      'DELETE FROM copy_customer; DELETE FROM mark; DELETE FROM fan_out; DELETE FROM fan_out_job',
    );
  });

  it('drops only what is built of a view that nobody declares', async () => {
    expect(await prejoin('drop-view', 'order-search')).toMatchObject({
      code: 1,
      err: expect.stringContaining('View order-search is declared.'),
    });
    expect(await prejoin('drop-view', 'orders-of-old')).toMatchObject({
      code: 0,
      out: 'Nothing was built of a view orders-of-old.\n',
    });
  });

  it('goes on with a rebuild that was killed, in plain lines where there is no terminal', async () => {
    const killed = cli.start(['rebuild', 'order-search', '--chunk', '50']);
    await untilScanned(500);
    killed.child.kill('SIGKILL');
    await killed.ended;
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
    const cancelled = cli.start(['rebuild', 'order-search', '--chunk', '20']);
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

  it('shows how far a wide change is, which key it is of, and how fast it goes on', async () => {
    const pool = space.pool('projection');
    await pool.query(
      `INSERT INTO fan_out_job (route, key, done, total, started_at, created_at) VALUES
         ('{"view":"order-search","source":"product"}', 'p-1', 20000, 200000,
          now() - interval '100 seconds', now() - interval '5 minutes')`,
    );
    await pool.query(`INSERT INTO mark (view, root_id, priority) VALUES ('order-search', 'o1', 1)`);
    const { out } = await prejoin('status');
    expect(out).toMatch(/^- direct +0$/m);
    expect(out).toMatch(/^- bulk +1$/m);
    expect(out).toMatch(/^FAN-OUT OF +CHANGED +DONE +TOTAL +RATE +SINCE$/m);
    expect(out).toMatch(/^order-search +product p-1 +20,000 +200,000 +(1\d\d|200)\/s +5 min$/m);
    const status = JSON.parse((await prejoin('status', '--json')).out) as { fanOutJobs: readonly object[] };
    expect(status).toMatchObject({
      marks: { count: 1, direct: 0, bulk: 1 },
      fanOutJobs: [{ view: 'order-search', source: 'product', key: 'p-1', done: 20_000, total: 200_000 }],
    });
    await pool.query('DELETE FROM fan_out_job; DELETE FROM mark');
  });
});
