import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '#testing';
import { noBuildMetrics } from '../build/metrics.js';
import { startFanOut, type FanOutWorker } from '../fan-out/start-fan-out.js';
import { countMarks as countByPriority } from '../marks/waiting.js';
import { openBuilding, untilNoMarks, type Building } from '../testing/building.js';
import { change, orderSearch } from '../testing/shop.js';

const ORDERS = 5_000;
const RENAMES = 5;

let world: Building;
let fanOut: FanOutWorker;
let built = 0;

const orders = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, at) =>
    change('order', `${prefix}-${String(at).padStart(4, '0')}`, 1, {
      customerId: 'c1',
      status: 'pending',
      total: at,
      lines: [{ productId: 'p1', quantity: 1 }],
    }),
  );
const rename = (version: number): Promise<void> =>
  world.apply(change('product', 'p1', version, { sku: 's', name: `name ${version}` }));

beforeAll(async () => {
  world = await openBuilding();
  await world.ensure(orderSearch);
  await rename(1);
  await world.apply(...orders('old', ORDERS));
  const metrics = {
    ...noBuildMetrics,
    documents: (_view: string, result: string, count: number) =>
      void (built += result === 'built' ? count : 0),
  };
  world.start({ lanes: 2, batch: 200, metrics });
  // Small enough that the job waits for the builder again and again.
  fanOut = startFanOut({ pool: world.pool, pollMs: 20, chunk: 100, listChunk: 250, backlog: 500 });
  await untilNoMarks(world.pool, 60_000);
}, 90_000);
afterAll(async () => {
  await fanOut.close();
  await world.dispose();
});

describe('a product in very many orders that is renamed five times in a row', () => {
  it('has its last name everywhere, orders that are placed meanwhile do not wait for that, and few builds are wasted', async () => {
    built = 0;
    for (let version = 2; version <= RENAMES; version++) await rename(version);
    await eventually(async () => expect((await countByPriority(world.pool)).bulk).toBeGreaterThan(0));
    await rename(RENAMES + 1);

    const placed = orders('new', 20);
    await world.apply(...placed);
    const alias = `${world.space.indexPrefix}order-search`;
    await eventually(
      async () => {
        for (const { id } of placed)
          expect(await world.index.get(alias, id, { deadlineMs: 5_000 })).not.toBeNull();
      },
      { timeoutMs: 20_000 },
    );
    const { rows } = await world.pool.query('SELECT FROM fan_out UNION ALL SELECT FROM fan_out_job');
    expect(rows).toHaveLength(1);

    await eventually(
      async () => {
        const left = await world.pool.query('SELECT FROM fan_out UNION ALL SELECT FROM fan_out_job');
        expect(left.rowCount).toBe(0);
      },
      { timeoutMs: 60_000 },
    );
    await untilNoMarks(world.pool, 60_000);
    const documents = [...(await world.documents()).values()];
    expect(documents).toHaveLength(ORDERS + placed.length);
    const names = new Set(
      documents.map(
        (document) => (document as { lines: { product: { name: string } }[] }).lines[0]?.product.name,
      ),
    );
    expect([...names]).toEqual([`name ${RENAMES + 1}`]);
    // One round for the last name, and what the job had done before; five rounds would be 25 000.
    expect(built).toBeLessThan(2 * ORDERS);
  }, 120_000);
});
