import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '#search';
import { gate, indexIn } from '../testing/building.js';
import { openRebuilding, type Rebuilding } from '../testing/rebuilding.js';
import { withOpenTransaction } from '../testing/shop.js';
import { RebuildLeaseLostError } from './errors.js';
import { cancelFanOutJob, cancelRebuild, NoSuchJobError, readRebuilds } from './jobs.js';
import { rebuild } from './rebuild.js';

let rebuilding: Rebuilding;
beforeAll(async () => {
  rebuilding = await openRebuilding(60);
});
afterAll(() => rebuilding.world.dispose());

function heldAfter(writes: number, pass: () => Promise<void>): SearchIndex {
  const { index } = rebuilding.world;
  let seen = 0;
  return {
    ...index,
    write: async (operations, deadlineMs) => {
      if (++seen > writes) await pass();
      return index.write(operations, deadlineMs);
    },
  };
}

describe('a rebuild that is cancelled by somebody else', () => {
  it('is listed with its holder and how far it is, loses its index, and ends with a sentence that says why', async () => {
    const { world } = rebuilding;
    const live = await indexIn(world.pool, 'live');
    const held = gate();
    const running = rebuild(
      rebuilding.options({ index: heldAfter(1, held.pass), workers: 1, holder: 'host a, process 1' }),
    );
    const ended = running.then(
      () => null,
      (error: unknown) => error,
    );
    await held.reached;
    const [job] = await readRebuilds(world.pool);
    expect(job).toMatchObject({
      view: 'order-search',
      phase: 'scan',
      holder: 'host a, process 1',
      holderState: 'alive',
      scanned: 20,
      total: 60,
      ranges: 1,
      rangesDone: 0,
    });
    const cancelled = await cancelRebuild(
      rebuilding.options({ holder: 'host b, process 2' }),
      'order-search',
    );
    expect(cancelled.indexName).toBe(job?.indexName);
    expect(await readRebuilds(world.pool)).toEqual([]);
    held.open();
    const error = await ended;
    expect(error).toBeInstanceOf(RebuildLeaseLostError);
    expect((error as Error).message).toContain('it was cancelled, and its index is dropped');
    expect(await rebuilding.states()).toBe('1 live');
    expect(await world.index.exists(cancelled.indexName)).toBe(false);
    expect(await world.index.pointsAt(`${world.space.indexPrefix}order-search`)).toBe(live);
    await expect(cancelRebuild(rebuilding.options(), 'order-search')).rejects.toThrow(NoSuchJobError);
  });

  it('may be one that is complete, or whose holder is gone', async () => {
    await rebuild(rebuilding.options({ swap: 'later' }));
    await cancelRebuild(rebuilding.options(), 'order-search');
    expect(await rebuilding.states()).toBe('1 live');
  });
});

describe('the holder of a rebuild', () => {
  it('is gone as soon as its session is, and not known where it tells no session', async () => {
    const { world } = rebuilding;
    await rebuild(rebuilding.options({ swap: 'later' }));
    const state = async (session: string, lease = '1 minute') => {
      await world.pool.query(
        `UPDATE rebuild SET phase = 'scan', lease_until = now() + $1::interval, ${session}`,
        [lease],
      );
      return (await readRebuilds(world.pool))[0]?.holderState;
    };
    await withOpenTransaction(world.pool, async (client) => {
      const { rows } = await client.query<{ pid: number; start: string }>(
        'SELECT pid, backend_start::text AS start FROM pg_stat_activity WHERE pid = pg_backend_pid()',
      );
      const pid = `session_pid = ${rows[0]?.pid}`;
      const start = `session_start = '${rows[0]?.start}'::timestamptz`;
      expect(await state(`${pid}, ${start}, session_token = token`)).toBe('alive');
      // The number of a session that has ended may be given to another.
      expect(await state(`${pid}, ${start} - interval '1 second', session_token = token`)).toBe('gone');
      expect(await state(`${pid}, ${start}, session_token = token`, '-1 second')).toBe('gone');
    });
    expect(await state('session_pid = 0, session_token = token')).toBe('gone');
    expect(await state('session_pid = 0, session_token = token - 1')).toBe('silent');
    await cancelRebuild(rebuilding.options(), 'order-search');
  });
});

describe('a fan-out job', () => {
  it('can be cancelled, once', async () => {
    const { pool } = rebuilding.world;
    const { rows } = await pool.query<{ id: string }>(
      `INSERT INTO fan_out_job (route, key, done, total)
       VALUES ('{"view":"order-search","source":"product"}', 'p1', 20, 60) RETURNING id`,
    );
    const id = rows[0]?.id ?? '';
    expect(await cancelFanOutJob(pool, id)).toEqual({ view: 'order-search', done: 20, total: 60 });
    await expect(cancelFanOutJob(pool, id)).rejects.toThrow(NoSuchJobError);
  });
});
