import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '#search';
import { eventually } from '#testing';
import { priorityNumber, type Priority } from '../marks/priority.js';
import { expectedDocuments, openBuilding, untilNoMarks, type Building } from '../testing/building.js';
import { change, clearQueues, orderSearch } from '../testing/shop.js';
import type { Builder } from './builder.js';
import { noBuildMetrics } from './metrics.js';

let world: Building;
let builder: Builder | null = null;
let nextVersion = 1;
const version = (): number => nextVersion++;
const order = (id: string, total: number) =>
  change('order', id, version(), { customerId: 'c1', status: 'pending', total, lines: [] });

beforeAll(async () => {
  world = await openBuilding();
  await world.ensure(orderSearch);
});
afterAll(() => world.dispose());
beforeEach(() => clearQueues(world.pool));
afterEach(async () => {
  await builder?.close();
  builder = null;
});

/** Roots that have no row: cheap to build, since each becomes a deletion. */
const rootsOf = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
const mark = async (priority: Priority, rootIds: readonly string[]): Promise<void> => {
  await world.pool.query(
    `INSERT INTO mark (view, root_id, priority) SELECT 'order-search', unnest($1::text[]), $2`,
    [rootIds, priorityNumber[priority]],
  );
};

/** Starts a builder with claims of ten roots, and tells which roots each write was of. */
function startRecorded(lanes: number, onWrite: (rootIds: readonly string[]) => Promise<void> | void): void {
  const index: SearchIndex = {
    ...world.index,
    write: async (operations, deadlineMs) => {
      const outcomes = await world.index.write(operations, deadlineMs);
      await onWrite(operations.map(({ id }) => id));
      return outcomes;
    },
  };
  builder = world.start({ index, lanes, batch: 10, minBatch: 10 });
}

describe('beside direct changes', () => {
  it('bulk marks are built a tenth of a claim at a time, where all would be one claim without them', async () => {
    const ofBulk = (rootIds: readonly string[]): number =>
      rootIds.filter((id) => id.startsWith('bulk')).length;
    const sizes: number[] = [];
    const index: SearchIndex = {
      ...world.index,
      write: (operations, deadlineMs) => {
        sizes.push(ofBulk(operations.map(({ id }) => id)));
        return world.index.write(operations, deadlineMs);
      },
    };
    builder = world.start({ index, lanes: 2, batch: 100, minBatch: 100 });
    await mark('direct', ['change']);
    await eventually(() => expect(sizes).toEqual([0]));
    await mark('bulk', rootsOf('bulk', 30));
    await eventually(() => expect(sizes).toEqual([0, 10, 10, 10]));
  });
});

describe.each([1, 2])('with %i lane(s)', (lanes) => {
  it('a direct mark does not wait behind the bulk marks that were there before it', async () => {
    await mark('bulk', rootsOf('bulk', 400));
    const writes: string[] = [];
    startRecorded(lanes, async ([first = '']) => {
      writes.push(first);
      if (writes.length === 5) await mark('direct', ['late']);
    });
    await eventually(() => expect(writes).toContain('late'), { timeoutMs: 30_000 });
    // In the order of their numbers it would have been the last of more than 40.
    expect(writes.indexOf('late')).toBeLessThan(20);
    await untilNoMarks(world.pool, 30_000);
  }, 90_000);

  it('bulk marks do not wait until no direct mark is left', async () => {
    await mark('direct', rootsOf('direct', 400));
    await mark('bulk', ['patient']);
    const writes: string[] = [];
    startRecorded(lanes, ([first = '']) => void writes.push(first));
    await eventually(() => expect(writes).toContain('patient'), { timeoutMs: 30_000 });
    expect(writes.indexOf('patient')).toBeLessThan(20);
    await untilNoMarks(world.pool, 30_000);
  }, 90_000);
});

describe('a root that changes again and again', () => {
  // A root that is built alone takes a few milliseconds, and may rest a hundred times as long.
  const REST_MS = 300;

  it('is built about once a rest, its last change always, and its neighbours at once', async () => {
    const counted = new Map<string, number>();
    builder = world.start({
      restMs: REST_MS,
      index: {
        ...world.index,
        write: (operations, deadlineMs) => {
          for (const { id } of operations) counted.set(id, (counted.get(id) ?? 0) + 1);
          return world.index.write(operations, deadlineMs);
        },
      },
    });
    const resting = async (): Promise<boolean> => {
      const { rows } = await world.pool.query<{ due: boolean }>('SELECT due_at <= now() AS due FROM mark');
      // Until it is claimed: so that each change would be a build of its own.
      if (rows.some(({ due }) => due)) throw new Error('A mark is not claimed yet.');
      return rows.length > 0;
    };
    const began = performance.now();
    let changes = 0;
    const changeHot = async (): Promise<boolean> => {
      await world.apply(order('hot', (changes += 1)));
      builder?.wake();
      return eventually(resting);
    };
    while (!(await changeHot())) expect(changes).toBeLessThan(50);
    for (let more = 0; more < 5; more++) await changeHot();
    await world.apply(order('cool', 1));
    await builder.idle();
    const rests = (performance.now() - began) / REST_MS;
    // Four builds make it hot, and each rest ends with one.
    expect(counted.get('hot')).toBeLessThanOrEqual(4 + Math.ceil(rests));
    expect(counted.get('hot')).toBeLessThan(changes);
    expect(counted.get('cool')).toBe(1);
    expect((await world.documents()).get('hot')).toMatchObject({ total: changes });
  }, 60_000);
});

describe('the size of claims', () => {
  it('shrinks while the index refuses for now, and grows again when it does not', async () => {
    let refusing = true;
    await mark('direct', rootsOf('refused', 400));
    builder = world.start({
      batch: 400,
      minBatch: 10,
      targetMs: 60_000,
      index: {
        ...world.index,
        write: (operations, deadlineMs) =>
          refusing
            ? Promise.resolve(operations.map(() => ({ kind: 'retry', reason: 'es_rejected', alarm: false })))
            : world.index.write(operations, deadlineMs),
      },
    });
    expect(builder.batch).toBe(100);
    await eventually(() => expect(builder?.batch).toBeLessThanOrEqual(25));
    const shrunk = builder.batch;
    refusing = false;
    await eventually(() => expect(builder?.batch).toBeGreaterThan(shrunk), { timeoutMs: 30_000 });
    await untilNoMarks(world.pool, 60_000);
  });
});

describe('a change to a column that the view does not use', () => {
  it('builds no document', async () => {
    await world.apply(
      change('product', 'p1', version(), { sku: 'old', name: 'Lamp' }),
      change('order', 'o1', version(), {
        customerId: 'c1',
        status: 'pending',
        total: 1,
        lines: [{ productId: 'p1', quantity: 1 }],
      }),
    );
    await world.fanOut();
    let built = 0;
    builder = world.start({
      metrics: {
        ...noBuildMetrics,
        documents: (_view, result, count) => void (built += result === 'built' ? count : 0),
      },
    });
    await builder.idle();
    built = 0;
    await world.apply(
      change('product', 'p1', version(), { sku: 'new', name: 'Lamp' }),
      change('customer', 'c1', version(), { name: 'Ada', note: null }),
    );
    await world.fanOut();
    await builder.idle();
    // The customer is new to the order; the product has another sku, which is in no document.
    expect(built).toBe((await expectedDocuments(world.pool, orderSearch)).size);
    built = 0;
    await world.apply(
      change('product', 'p1', version(), { sku: 'newer', name: 'Lamp' }),
      change('customer', 'c1', version(), { name: 'Ada', note: 'has a note now' }),
    );
    await world.fanOut();
    await builder.idle();
    expect(built).toBe(0);
  });
});
