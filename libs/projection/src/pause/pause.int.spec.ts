import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '#kernel';
import { eventually } from '#testing';
import { compile, count, view } from '#views';
import { startFanOut } from '../fan-out/start-fan-out.js';
import { readGenerations } from '../generations/generation.js';
import { oldestFanOut } from '../marks/waiting.js';
import { rebuild } from '../rebuild/rebuild.js';
import { countMarks, openBuilding, untilNoMarks, type Building } from '../testing/building.js';
import { change, orderSearch, shop } from '../testing/shop.js';
import { pause, readPauses, resume, type Pausable } from './pauses.js';

const customerSummary = compile(
  view('customer-summary', shop.customer, (c) => ({ name: c.name, orders: count(shop.order.customerId) })),
);
const orders: Pausable = { kind: 'view', view: orderSearch.view };
const fanOut: Pausable = { kind: 'fan-out' };
const operator = { by: 'ann@desk', reason: 'index moves' };

let world: Building;
let nextVersion = 1;

const order = (id: string, total: number) =>
  change('order', id, nextVersion++, { customerId: 'c1', status: 'pending', total, lines: [] });

beforeAll(async () => {
  world = await openBuilding();
  await world.ensure(orderSearch, customerSummary);
  await world.apply(change('customer', 'c1', nextVersion++, { name: 'Ada', note: null }));
  await world.fanOut();
  await world.start().idle();
});
afterEach(async () => {
  await resume(world.pool, orders);
  await resume(world.pool, fanOut);
});
afterAll(() => world.dispose());

describe('a pause', () => {
  it('stays as it was when it is asked for again, and says since when and by whom', async () => {
    const first = await pause(world.pool, orders, operator);
    expect(first).toMatchObject({ fresh: true, pause: { what: orders, ...operator } });
    const again = await pause(world.pool, orders, { by: 'bob', reason: null });
    expect(again).toEqual({ ...first, fresh: false });
    expect(await readPauses(world.pool)).toEqual([first.pause]);
    expect(await resume(world.pool, orders)).toEqual(first.pause);
    expect(await resume(world.pool, orders)).toBeNull();
    expect(await readPauses(world.pool)).toEqual([]);
  });
});

describe('a paused view', () => {
  it('is noticed by a builder that runs, keeps its marks while other views go on, and is built when resumed', async () => {
    const { logged, logger } = listening();
    const builder = world.start({ logger, restMs: 0 });
    await world.apply(order('o1', 1));
    await world.fanOut();
    await untilNoMarks(world.pool, 30_000);

    await pause(world.pool, orders, operator);
    await eventually(() => expect(logged.join()).toContain('Paused: view:order-search'));
    await world.apply(order('o1', 2), order('o2', 2));
    await world.fanOut();
    await builder.idle();
    // The other view is current, and of the paused one every mark is there.
    expect(await ordersOf('c1')).toBe(2);
    expect(await countMarks(world.pool)).toBeGreaterThanOrEqual(2);
    expect((await world.documents()).get('o1')).toMatchObject({ total: 1 });
    expect((await world.documents()).has('o2')).toBe(false);

    await resume(world.pool, orders);
    await untilNoMarks(world.pool, 30_000);
    expect((await world.documents()).get('o1')).toMatchObject({ total: 2 });
    expect((await world.documents()).has('o2')).toBe(true);
    await eventually(() => expect(logged.join()).toContain('Resumed: view:order-search'));
    // Once each, however often it was looked at.
    expect(logged.filter((line) => line.includes('aused: view'))).toHaveLength(1);
  }, 60_000);
});

describe('a rebuild of a paused view', () => {
  it('is refused before it scans, with the way out', async () => {
    await pause(world.pool, orders, operator);
    const { pool, index } = world;
    const begun = rebuild({
      ...world.context,
      plan: orderSearch,
      indexPrefix: world.space.indexPrefix,
      holder: 'a test',
    });
    await expect(begun).rejects.toMatchObject({
      code: 'view_paused',
      remedy: expect.stringContaining('npx prejoin resume order-search'),
    });
    const generations = await readGenerations(pool, orderSearch.view);
    expect(generations).toHaveLength(1);
    expect(await index.exists(generations[0]?.indexName.replace(/1$/, '2') ?? '')).toBe(false);
  });
});

describe('a paused fan-out', () => {
  it('keeps its keys, also while it is woken again and again, and goes on with them when resumed', async () => {
    const { logged, logger } = listening();
    const builder = world.start({ restMs: 0 });
    const worker = startFanOut({ pool: world.pool, pollMs: 20, logger });
    try {
      await pause(world.pool, fanOut, operator);
      await eventually(() => expect(logged.join()).toContain('Paused: fan-out'));
      await world.apply(order('o3', 3));
      await world.apply(change('customer', 'c1', nextVersion++, { name: 'Adele', note: null }));
      for (let n = 0; n < 40; n++) {
        worker.wake();
        await builder.idle();
      }
      expect(await oldestFanOut(world.pool)).not.toBeNull();
      expect((await world.documents()).get('o1')).toMatchObject({ customer: { name: 'Ada' } });

      await resume(world.pool, fanOut);
      await eventually(async () => {
        expect(await oldestFanOut(world.pool)).toBeNull();
        await builder.idle();
        expect((await world.documents()).get('o1')).toMatchObject({ customer: { name: 'Adele' } });
      });
    } finally {
      await worker.close();
    }
  }, 60_000);
});

function listening() {
  const logged: string[] = [];
  const logger = createLogger('test', 'info', { write: (line: string) => void logged.push(line) });
  return { logged, logger };
}

async function ordersOf(customer: string): Promise<unknown> {
  const document = (await world.documents(customerSummary.view)).get(customer) as { orders?: unknown };
  return document.orders;
}
