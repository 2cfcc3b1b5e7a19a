import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createTestSpace, type TestSpace } from '#testing';
import { migrateProjection } from '../schema/migrate.js';
import { clearQueues } from '../testing/shop.js';
import { lagOf, viewLag } from './view-lag.js';

let space: TestSpace;
let pool: pg.Pool;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'] });
  pool = space.pool('projection');
  await migrateProjection(pool);
  await pool.query(
    `INSERT INTO generation (view, number, index_name, fingerprint, plan, state)
     VALUES ('a', 1, 'a.1', 'f', '{}', 'live'), ('a', 2, 'a.2', 'f', '{}', 'building'), ('b', 1, 'b.1', 'f', '{}', 'live')`,
  );
});
afterAll(() => space.dispose());
beforeEach(async () => {
  await clearQueues(pool);
  await pool.query('DELETE FROM process; DELETE FROM activity');
});

/** Of both views, in whole seconds. */
async function lags(): Promise<readonly (number | null)[]> {
  const lag = await viewLag(pool);
  return ['a', 'b'].map((view) => {
    const ms = lagOf(lag, view);
    return ms === null ? null : Math.floor(ms / 1_000);
  });
}

const seen = (seconds: number) =>
  pool.query(
    `INSERT INTO process (id, role, host, pid, release, fingerprints, computes, seen_at)
     VALUES ('p', 'projector', 'h', 1, '', '{}', '{}', now() - $1 * interval '1 second')`,
    [seconds],
  );

interface Row {
  readonly view?: string;
  readonly noted: number;
  readonly occurred?: number | null;
  readonly priority?: number;
  readonly index?: string | null;
}

/** Ages are in seconds. */
const mark = ({ view = 'a', noted, occurred = null, priority = 0, index = null }: Row) =>
  pool.query(
    `INSERT INTO mark (view, root_id, priority, index_name, created_at, occurred_at)
     VALUES ($1, 'r', $2, $3, now() - $4 * interval '1 second', now() - $5 * interval '1 second')`,
    [view, priority, index, noted, occurred],
  );
const key = (table: 'fan_out' | 'fan_out_job', { view = 'a', noted, occurred = null }: Row) =>
  pool.query(
    `INSERT INTO ${table} (route, key, created_at, occurred_at)
     VALUES ($1, 'k', now() - $2 * interval '1 second', now() - $3 * interval '1 second')`,
    [JSON.stringify({ view }), noted, occurred],
  );

describe('the lag of a view', () => {
  it('is nought while nothing waits and a projector is alive', async () => {
    await seen(5);
    expect(await lags()).toEqual([0, 0]);
  });

  it.each([
    ['a mark', () => mark({ noted: 20, occurred: 30 })],
    ['a mark of a wide change', () => mark({ noted: 20, occurred: 30, priority: 1 })],
    ['a mark of the live generation', () => mark({ noted: 30, index: 'a.1' })],
    ['a scan', () => mark({ noted: 30 })],
    ['a changed key', () => key('fan_out', { noted: 20, occurred: 30 })],
    ['a job', () => key('fan_out_job', { noted: 20, occurred: 30 })],
    ['a clock that runs ahead', () => mark({ noted: 30, occurred: -500 })],
  ])('is the age of its oldest change: %s', async (_, waits) => {
    await seen(1);
    await mark({ view: 'b', noted: 3 });
    await mark({ noted: 7, occurred: 8 });
    await waits();
    expect(await lags()).toEqual([30, 3]);
  });

  it('leaves out what waits for a generation that nobody reads', async () => {
    await seen(1);
    await mark({ noted: 30, index: 'a.2' });
    expect(await lags()).toEqual([0, 0]);
  });

  it('is the time since a projector was seen when none is alive, and more if older changes wait', async () => {
    await seen(120);
    await mark({ noted: 600 });
    await mark({ view: 'b', noted: 60 });
    expect(await lags()).toEqual([600, 120]);
  });

  it('goes by what was built last when every projector was stopped in order', async () => {
    await pool.query(
      `INSERT INTO activity (process, view, at, documents, lags) VALUES ('p', 'a', now() - interval '40 seconds', 1, '{}')`,
    );
    expect(await lags()).toEqual([40, 40]);
  });

  it('is unknown when no projector was ever seen, but for what waits', async () => {
    expect(await lags()).toEqual([null, null]);
    await mark({ noted: 10 });
    expect(await lags()).toEqual([10, null]);
  });

  it('is never told too small behind a backlog that is too long to be looked through', async () => {
    await seen(1);
    await pool.query(
      `INSERT INTO mark (view, root_id, created_at)
       SELECT 'a', n::text, now() - 100 * interval '1 second' + n * interval '1 millisecond' FROM generate_series(1, 20000) AS n`,
    );
    await mark({ view: 'b', noted: 50 });
    const [a, b] = await lags();
    expect(a).toBeGreaterThanOrEqual(99);
    expect(b).toBeGreaterThanOrEqual(50);
    expect(b).toBeLessThan(a ?? 0);
    // As a change that waits at the front does.
    await mark({ view: 'b', noted: 1, priority: 1 });
    expect((await lags())[1]).toBeGreaterThanOrEqual(50);
  });
});
