import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createLogger, openPool, silentLogger } from '#kernel';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { noBuildMetrics } from '../build/metrics.js';
import { migrateProjection } from '../schema/migrate.js';
import { ActivityCounts } from './activity-counts.js';
import { startHeartbeat, type Heartbeat, type HeartbeatOptions } from './heartbeat.js';
import { readProcesses, type ProcessDescription } from './processes.js';
import { readActivity } from './view-activity.js';

let space: TestSpace;
let pool: pg.Pool;
const beating: Heartbeat[] = [];
const pools: pg.Pool[] = [];

const processOf = (id: string): ProcessDescription => ({
  id,
  role: 'projector',
  host: 'here',
  pid: 7,
  release: 'r1',
  fingerprints: { orders: 'f1' },
  computes: ['net'],
});

function start(options: Partial<HeartbeatOptions> & { readonly process: ProcessDescription }): Heartbeat {
  const own = openPool({ connectionString: space.databaseUrl('projection'), max: 1 });
  own.on('error', () => undefined);
  pools.push(own);
  const heartbeat = startHeartbeat({
    pool: own,
    counts: new ActivityCounts(),
    logger: silentLogger,
    everyMs: 20,
    ...options,
  });
  beating.push(heartbeat);
  return heartbeat;
}

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'] });
  pool = space.pool('projection');
  await migrateProjection(pool);
});
afterEach(async () => {
  await Promise.all(beating.splice(0).map((heartbeat) => heartbeat.close()));
  await Promise.all(pools.splice(0).map((own) => own.end()));
  await pool.query('DELETE FROM process; DELETE FROM activity');
});
afterAll(() => space.dispose());

describe('a heartbeat', () => {
  it('keeps its process on the list while it runs, and takes it off when it stops', async () => {
    const heartbeat = start({ process: processOf('p1') });
    await eventually(async () =>
      expect(await readProcesses(pool)).toMatchObject([{ ...processOf('p1'), alive: true }]),
    );
    const [before] = await readProcesses(pool);
    await eventually(async () => {
      const [now] = await readProcesses(pool);
      expect(now?.seenAt.getTime()).toBeGreaterThan(before?.seenAt.getTime() ?? Infinity);
      expect(now?.startedAt).toEqual(before?.startedAt);
    });
    await heartbeat.close();
    expect(await readProcesses(pool)).toEqual([]);
  });

  it('leaves the row of a process that was killed, which counts as gone soon and goes after a day', async () => {
    await pool.query(
      `INSERT INTO process (id, role, host, pid, release, fingerprints, computes, seen_at) VALUES
         ('killed', 'projector', 'there', 1, '', '{}', '{}', now() - interval '1 minute'),
         ('old', 'projector', 'there', 2, '', '{}', '{}', now() - interval '25 hours')`,
    );
    start({ process: processOf('p1') });
    await eventually(async () => {
      const processes = await readProcesses(pool);
      expect(processes.map(({ id, alive }) => [id, alive])).toEqual(
        expect.arrayContaining([
          ['killed', false],
          ['p1', true],
        ]),
      );
      expect(processes).toHaveLength(2);
    });
  });

  it('tells what was built, for all processes together, and keeps it for a quarter of an hour', async () => {
    await pool.query(
      `INSERT INTO activity (process, view, at, documents, lags) VALUES
         ('p0', 'orders', now() - interval '61 seconds', 900, '{900}'),
         ('p0', 'orders', now() - interval '16 minutes', 900, '{900}')`,
    );
    const counts = [new ActivityCounts(), new ActivityCounts()];
    for (const [at, one] of counts.entries()) {
      const metrics = one.observing(noBuildMetrics);
      metrics.documents('orders', 'built', 60);
      // What became of the writes is not counted again.
      metrics.documents('orders', 'indexed', 60);
      for (let n = 0; n < 99; n++) metrics.lag('orders', 0.2);
      if (at === 0) for (let n = 0; n < 4; n++) metrics.lag('orders', 30);
      start({ process: processOf(`p${at}`), counts: one });
    }
    await eventually(async () => {
      const orders = (await readActivity(pool)).get('orders');
      expect(orders).toMatchObject({ documents: 120, rate: 2 });
      expect(orders?.lagP50).toBeGreaterThan(0.17);
      expect(orders?.lagP50).toBeLessThan(0.24);
      expect(orders?.lagP99).toBeGreaterThan(25);
      expect(orders?.lagP99).toBeLessThan(36);
    });
    const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM activity');
    // The one of a minute ago, and one of each process: a beat in which nothing was built writes none.
    expect(rows[0]?.count).toBe(3);
  });

  it('says once that it can not be written, goes on when it can again, and is closed in time meanwhile', async () => {
    const logged: string[] = [];
    const logger = createLogger('test', 'info', { write: (line: string) => void logged.push(line) });
    const counts = new ActivityCounts();
    const metrics = counts.observing(noBuildMetrics);
    const lock = await pool.connect();
    try {
      await lock.query('BEGIN; LOCK TABLE process IN ACCESS EXCLUSIVE MODE');
      start({ process: processOf('p1'), logger, counts });
      await eventually(() => expect(logged).toHaveLength(1));
      expect(logged[0]).toContain('could not be written');
      metrics.documents('orders', 'built', 5);
      const waiting = start({ process: processOf('p2') });
      const startedAt = performance.now();
      await waiting.close();
      expect(performance.now() - startedAt).toBeLessThan(4_000);
    } finally {
      await lock.query('ROLLBACK');
      lock.release();
    }
    await eventually(() => expect(logged).toHaveLength(2));
    expect(logged[1]).toContain('can be written again');
    await eventually(async () => expect((await readProcesses(pool)).map(({ id }) => id)).toContain('p1'));
  }, 30_000);
});
