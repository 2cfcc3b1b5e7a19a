import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import type { SearchIndex } from '#search';
import { eventually } from '#testing';
import { readGenerations } from '../generations/generation.js';
import {
  countMarks,
  expectedDocuments,
  gate,
  indexIn,
  openBuilding,
  untilNoMarks,
  type Building,
} from '../testing/building.js';
import { change, clearQueues, orderSearch } from '../testing/shop.js';
import type { BuildMetrics } from './metrics.js';

let world: Building;
let nextVersion = 1;

const version = (): number => nextVersion++;
const order = (id: string, total: number, customerId = 'c1') =>
  change('order', id, version(), {
    customerId,
    status: 'pending',
    total,
    lines: [{ productId: 'p1', quantity: 2 }],
  });

/** The world's pool with another way to get connections for snapshots; single queries go on as ever. */
function readingBy(open: () => Promise<pg.PoolClient>): pg.Pool {
  const connect = (callback: Parameters<pg.Pool['connect']>[0]): void =>
    void open().then(
      (client) => callback(undefined, client, (error?: Error | boolean) => client.release(error)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
  // The rest of a pool is not asked for.
  return { connect, query: world.pool.query.bind(world.pool) } as Partial<pg.Pool> as pg.Pool;
}

beforeAll(async () => {
  world = await openBuilding();
  await world.ensure(orderSearch);
  await world.apply(
    change('customer', 'c1', version(), { name: 'Ada', note: null }),
    change('product', 'p1', version(), { sku: 's1', name: 'Lamp' }),
  );
});
afterAll(() => world.dispose());
beforeEach(async () => {
  await world.fanOut();
  await clearQueues(world.pool);
});

describe('a builder', () => {
  it('turns marks into joined documents, and deletions into their absence', async () => {
    const builder = world.start();
    await world.apply(
      order('o1', 5),
      order('o2', 7),
      change('payment', 'pay1', version(), { orderId: 'o1', status: 'due' }),
    );
    await builder.idle();
    expect((await world.documents()).get('o1')).toEqual({
      id: 'o1',
      total: 5,
      customer: { name: 'Ada' },
      lines: [{ quantity: 2, product: { name: 'Lamp' } }],
      payment: { status: 'due' },
    });
    await world.apply(
      change('order', 'o2', version(), null),
      change('customer', 'c1', version(), { name: 'Ada L.' }),
    );
    await world.fanOut();
    await builder.idle();
    const documents = await world.documents();
    expect(documents).toEqual(await expectedDocuments(world.pool, orderSearch));
    expect(documents.has('o2')).toBe(false);
    await builder.close();
  });

  it('builds a root once for all marks of it that it claims', async () => {
    const counted: Record<string, number> = {};
    const lags: number[] = [];
    const metrics: BuildMetrics = {
      documents: (_view, result, count) => void (counted[result] = (counted[result] ?? 0) + count),
      lag: (_view, seconds) => void lags.push(seconds),
      alarm: (alarm) => expect(alarm).toBeNull(),
    };
    for (let total = 1; total <= 20; total++) await world.apply(order('o-many', total));
    const builder = world.start({ metrics });
    await builder.idle();
    await builder.close();
    expect(counted['indexed']).toBe(1);
    expect(lags).toHaveLength(20);
    expect((await world.documents()).get('o-many')).toMatchObject({ total: 20 });
  });

  it('reads the documents from a snapshot that is younger than the claim', async () => {
    await world.apply(order('o-late', 1));
    const beforeRead = gate();
    // The pool that reads is held until a change was committed after the claim.
    const slow = readingBy(async () => {
      await beforeRead.pass();
      return world.pool.connect();
    });
    const builder = world.start({ pool: slow });
    await beforeRead.reached;
    await world.apply(order('o-late', 2));
    beforeRead.open();
    await eventually(async () => expect((await world.documents()).get('o-late')).toMatchObject({ total: 2 }));
    await builder.close();
  });

  it('makes the log durable after its snapshot has ended and before it sends anything', async () => {
    await world.apply(order('o-durable', 1));
    const steps: string[] = [];
    const note = (statement: unknown): void => {
      if (typeof statement !== 'string') return;
      if (statement.includes('ISOLATION LEVEL REPEATABLE READ')) steps.push('snapshot');
      if (statement.includes('pg_logical_emit_message')) steps.push('log');
      if (statement === 'COMMIT') steps.push('commit');
    };
    const pool = readingBy(async () => {
      const client = await world.pool.connect();
      const query = client.query.bind(client);
      const release = client.release.bind(client);
      client.query = ((...args: Parameters<typeof query>) => {
        note(args[0]);
        return query(...args);
      }) as typeof query;
      client.release = (error) => {
        Object.assign(client, { query, release });
        release(error);
      };
      return client;
    });
    const index: SearchIndex = {
      ...world.index,
      write: (operations, deadlineMs) => {
        steps.push('sent');
        return world.index.write(operations, deadlineMs);
      },
    };
    const builder = world.start({ pool, index });
    await untilNoMarks(world.pool);
    await builder.close();
    expect(steps).toEqual(['snapshot', 'commit', 'log', 'commit', 'sent']);
  });

  it('loses no mark when its claim connection dies while the index answers', async () => {
    await world.apply(order('o-crash', 3));
    const held = gate();
    const index: SearchIndex = {
      ...world.index,
      write: async (operations, deadlineMs) => {
        await held.pass();
        return world.index.write(operations, deadlineMs);
      },
    };
    const builder = world.start({ index });
    await held.reached;
    const { rowCount } = await world.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction' AND pid <> pg_backend_pid()`,
    );
    expect(rowCount).toBe(1);
    expect(await countMarks(world.pool)).toBe(1);
    held.open();
    await untilNoMarks(world.pool);
    await builder.close();
    expect((await world.documents()).get('o-crash')).toMatchObject({ total: 3 });
  });

  it('keeps the marks when it can not read, and builds them when it can', async () => {
    await world.apply(order('o-read', 4));
    let broken = true;
    const flaky = readingBy(() =>
      broken ? Promise.reject(new Error('no connection to be had')) : world.pool.connect(),
    );
    const alarms: string[] = [];
    const builder = world.start({
      pool: flaky,
      metrics: { documents: () => {}, lag: () => {}, alarm: (alarm) => void alarms.push(alarm) },
    });
    await eventually(() => expect(alarms).toContain('build_failed'));
    await eventually(async () => expect(await countMarks(world.pool)).toBe(1));
    broken = false;
    await untilNoMarks(world.pool, 20_000);
    await builder.close();
    expect((await world.documents()).get('o-read')).toMatchObject({ total: 4 });
  });

  it('ends at the newest content when an older builder writes last', async () => {
    await world.apply(order('o-race', 1));
    const held = gate();
    const slowIndex: SearchIndex = {
      ...world.index,
      write: async (operations, deadlineMs) => {
        await held.pass();
        return world.index.write(operations, deadlineMs);
      },
    };
    const counted: Record<string, number> = {};
    const slow = world.start({
      index: slowIndex,
      metrics: {
        documents: (_view, result, count) => void (counted[result] = (counted[result] ?? 0) + count),
        lag: () => {},
        alarm: (alarm) => expect(alarm).toBeNull(),
      },
    });
    await held.reached;
    await world.apply(order('o-race', 2));
    const quick = world.start();
    await eventually(async () => expect((await world.documents()).get('o-race')).toMatchObject({ total: 2 }));
    held.open();
    await untilNoMarks(world.pool);
    await Promise.all([slow.close(), quick.close()]);
    expect(counted['superseded']).toBe(1);
    expect((await world.documents()).get('o-race')).toMatchObject({ total: 2 });
  });

  it('converges under writers, with several builders on the same few roots', async () => {
    const builders = [world.start({ lanes: 2, batch: 7 }), world.start({ batch: 3 })];
    for (let round = 0; round < 40; round++) {
      const id = `o-busy-${round % 5}`;
      await world.apply(round % 7 === 6 ? change('order', id, version(), null) : order(id, round));
      if (round % 10 === 9) await world.apply(change('customer', 'c1', version(), { name: `Ada ${round}` }));
      await world.fanOut();
    }
    await untilNoMarks(world.pool, 20_000);
    await Promise.all(builders.map((builder) => builder.close()));
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearch));
  });

  it('stops a generation whose index is closed, with an alarm, and makes it whole once it is open again', async () => {
    const name = await indexIn(world.pool, 'live');
    const alarms: string[] = [];
    await fetch(`${world.space.elasticsearchUrl}/${name}/_close?timeout=20s`, { method: 'POST' });
    const builder = world.start({
      metrics: { documents: () => {}, lag: () => {}, alarm: (alarm) => void alarms.push(alarm) },
    });
    await world.apply(order('o-closed', 8), change('order', 'o1', version(), null));
    await eventually(async () => {
      const [generation] = await readGenerations(world.pool, 'order-search');
      expect(generation?.stopped).toMatch(/closed/);
    });
    expect(alarms).toContain('generation_stopped');
    expect(await countMarks(world.pool)).toBeGreaterThanOrEqual(2);

    await fetch(`${world.space.elasticsearchUrl}/${name}/_open?timeout=20s`, { method: 'POST' });
    await eventually(
      async () => expect((await readGenerations(world.pool, 'order-search'))[0]?.stopped).toBeNull(),
      { timeoutMs: 20_000 },
    );
    await untilNoMarks(world.pool, 20_000);
    await builder.close();
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearch));
  }, 60_000);
});
