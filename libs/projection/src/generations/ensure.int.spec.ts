import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { SearchIndex } from '#search';
import { inTransaction } from '../schema/transaction.js';
import {
  expectedDocuments,
  openBuilding,
  storedDocuments,
  untilNoMarks,
  type Building,
} from '../testing/building.js';
import { eventually } from '#testing';
import { change, clearQueues, markedRoots, orderSearch, orderSearchWithNotes } from '../testing/shop.js';
import { ensureGenerations } from './ensure.js';
import { readGenerations } from './generation.js';
import { indexName } from './names.js';
import { retireExpired } from './retire.js';

let world: Building;
let nextVersion = 1;
const logs: string[] = [];
const logger = pino({ level: 'info' }, { write: (line: string) => void logs.push(line) });

const order = (id: string, total: number) =>
  change('order', id, nextVersion++, { customerId: 'c1', status: 'pending', total, lines: [] });

beforeAll(async () => {
  world = await openBuilding({ logger });
});
afterAll(() => world.dispose());
beforeEach(async () => {
  await world.empty();
  logs.length = 0;
});

const alias = (): string => `${world.space.indexPrefix}order-search`;

describe('the first generation of a view', () => {
  it('marks all roots that the copies hold already, and every one that comes after', async () => {
    await world.apply(order('o1', 1), order('o2', 2));
    await world.ensure(orderSearch);
    expect(await markedRoots(world.pool)).toEqual(['o1', 'o2']);
    await world.apply(order('o3', 3));
    expect(await markedRoots(world.pool)).toEqual(['o1', 'o2', 'o3']);
    const builder = world.start();
    await builder.idle();
    await builder.close();
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearch));
  });

  it('is made once by projectors that start at the same time', async () => {
    await Promise.all([world.ensure(orderSearch), world.ensure(orderSearch), world.ensure(orderSearch)]);
    expect(await readGenerations(world.pool)).toMatchObject([{ number: 1, state: 'live' }]);
    expect(await world.index.pointsAt(alias())).toBe(indexName(world.space.indexPrefix, orderSearch, 1));
  });

  it('is made good by the next start when a start died half way', async () => {
    const dying: SearchIndex = {
      ...world.index,
      point: async (name, target) => {
        await world.index.point(name, target);
        throw new Error('killed');
      },
    };
    const { pool } = world;
    const start = (index: SearchIndex) =>
      ensureGenerations({ pool, index, indexPrefix: world.space.indexPrefix, plans: [orderSearch], logger });
    await expect(start(dying)).rejects.toThrow('killed');
    expect(await readGenerations(pool)).toEqual([]);
    await start(world.index);
    expect(await readGenerations(pool)).toMatchObject([{ number: 1, state: 'live' }]);
  });
});

describe('a live generation', () => {
  it('is served by its stored plan when the declaration has changed, with a warning that names the remedy', async () => {
    await world.ensure(orderSearch);
    await world.ensure(orderSearchWithNotes);
    expect(await readGenerations(world.pool)).toMatchObject([{ fingerprint: orderSearch.fingerprint }]);
    expect(logs.join('')).toContain('npx prejoin rebuild order-search');
  });

  it('is told apart from a declaration of an older release, whose rebuild would take it back', async () => {
    await world.ensure(orderSearchWithNotes);
    await world.pool.query('UPDATE generation SET number = 2');
    await world.pool.query(
      `INSERT INTO generation (view, number, index_name, fingerprint, plan, state)
       VALUES ('order-search', 1, 'old', $1, $2, 'retired')`,
      [orderSearch.fingerprint, JSON.stringify(orderSearch)],
    );
    await world.ensure(orderSearch);
    expect(await readGenerations(world.pool)).toMatchObject([
      { fingerprint: orderSearchWithNotes.fingerprint, state: 'live' },
    ]);
    expect(logs.join('')).toContain('of an older release');
    expect(logs.join('')).not.toContain('the live generation is served as it was. Run');
  });

  it('of a view that is not declared any more goes on, and the log says how to drop it and what it is called now', async () => {
    await world.ensure(orderSearch);
    const { pool, index } = world;
    await ensureGenerations({
      pool,
      index,
      indexPrefix: world.space.indexPrefix,
      plans: [],
      renamed: new Map([['order-search', 'orders']]),
      logger,
    });
    expect(await readGenerations(pool)).toMatchObject([{ view: 'order-search', state: 'live' }]);
    expect(logs.join('')).toContain('View order-search is not declared any more, but as orders');
    expect(logs.join('')).toContain('npx prejoin drop-view order-search');
  });

  it('gets its alias back', async () => {
    await world.ensure(orderSearch);
    const stray = indexName(world.space.indexPrefix, orderSearchWithNotes, 2);
    await world.index.create(stray, orderSearchWithNotes);
    await world.index.point(alias(), stray);
    await world.ensure(orderSearch);
    expect(await world.index.pointsAt(alias())).toBe(indexName(world.space.indexPrefix, orderSearch, 1));
  });

  it('does not keep a projector from starting while the index server is away', async () => {
    await world.ensure(orderSearch);
    const away: SearchIndex = {
      ...world.index,
      pointsAt: () => Promise.reject(new Error('no route to host')),
    };
    await ensureGenerations({
      pool: world.pool,
      index: away,
      indexPrefix: world.space.indexPrefix,
      plans: [orderSearch],
      logger,
    });
    expect(logs.join('')).toContain('no route to host');
  });
});

describe('a previous generation', () => {
  const addPrevious = async (keepUntil: string): Promise<string> => {
    await world.ensure(orderSearch);
    const name = indexName(world.space.indexPrefix, orderSearchWithNotes, 2);
    await world.index.create(name, orderSearchWithNotes);
    await inTransaction(world.pool, (client) =>
      client.query(
        `INSERT INTO generation (view, number, index_name, fingerprint, plan, state, keep_until)
         VALUES ('order-search', 2, $1, $2, $3, 'previous', now() + $4::interval)`,
        [name, orderSearchWithNotes.fingerprint, JSON.stringify(orderSearchWithNotes), keepUntil],
      ),
    );
    await world.ensure(orderSearch);
    return name;
  };
  /** The status concerns the previous generation's plan alone. */
  const changeStatus = async (id: string): Promise<readonly string[]> => {
    await world.apply(order(id, 1));
    await clearQueues(world.pool);
    await world.apply(
      change('order', id, nextVersion++, { customerId: 'c1', status: 'confirmed', total: 1, lines: [] }),
    );
    return markedRoots(world.pool);
  };

  it('is kept current until its rollback period ends', async () => {
    const name = await addPrevious('1 hour');
    expect(await retireExpired({ pool: world.pool, index: world.index, logger })).toEqual([]);
    expect(await changeStatus('o1')).toEqual(['o1']);
    expect(await world.index.exists(name)).toBe(true);
  });

  it('gets what it missed while its index was closed and the live one went on', async () => {
    const name = await addPrevious('1 hour');
    await world.apply(order('o1', 1), order('o2', 2));
    const builder = world.start();
    await builder.idle();
    const server = world.space.elasticsearchUrl;
    await fetch(`${server}/${name}/_close`, { method: 'POST' });
    await world.apply(order('o1', 5), change('order', 'o2', nextVersion++, null));
    await untilNoMarks(world.pool);
    expect((await readGenerations(world.pool)).map(({ stopped }) => stopped !== null)).toEqual([false, true]);

    await fetch(`${server}/${name}/_open?wait_for_active_shards=1`, { method: 'POST' });
    const expected = await expectedDocuments(world.pool, orderSearchWithNotes);
    await eventually(
      async () => {
        await world.index.refresh(name);
        expect(await storedDocuments(world.index, name)).toEqual(expected);
      },
      { timeoutMs: 15_000 },
    );
    await builder.close();
  });

  it('goes with its index and its triggers when the period has ended', async () => {
    const name = await addPrevious('-1 second');
    expect(await retireExpired({ pool: world.pool, index: world.index, logger })).toEqual([name]);
    expect(await world.index.exists(name)).toBe(false);
    expect(await changeStatus('o1')).toEqual([]);
  });

  it('is written no more when the period has ended, and keeps its index while that is read', async () => {
    const name = await addPrevious('-1 second');
    const held = await world.index.openPointInTime(name, 60_000);
    expect(await retireExpired({ pool: world.pool, index: world.index, logger })).toEqual([]);
    expect(await world.index.exists(name)).toBe(true);
    expect(await changeStatus('o1')).toEqual([]);
    await world.index.closePointInTime(held);
    expect(await retireExpired({ pool: world.pool, index: world.index, logger })).toEqual([name]);
  });

  it('loses its index an hour after its period, whoever reads it', async () => {
    const name = await addPrevious('-61 minutes');
    await world.index.openPointInTime(name, 60_000);
    expect(await retireExpired({ pool: world.pool, index: world.index, logger })).toEqual([name]);
    expect(await world.index.exists(name)).toBe(false);
  });

  it('loses its index later when it could not be dropped at once', async () => {
    const name = await addPrevious('-1 second');
    const failing: SearchIndex = { ...world.index, drop: () => Promise.reject(new Error('busy')) };
    await expect(retireExpired({ pool: world.pool, index: failing, logger })).rejects.toThrow('busy');
    expect(await retireExpired({ pool: world.pool, index: world.index, logger })).toEqual([name]);
    expect(await world.index.exists(name)).toBe(false);
    expect(await retireExpired({ pool: world.pool, index: world.index, logger })).toEqual([]);
  });
});
