import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#kernel';
import { countMarks, openBuilding, type Building } from '../testing/building.js';
import { change, orderSearch } from '../testing/shop.js';
import { dropView, ViewBusyError } from './drop-view.js';
import { readGenerations } from './generation.js';

let world: Building;
const drop = () => dropView({ pool: world.pool, index: world.index, logger: silentLogger }, 'order-search');

beforeAll(async () => {
  world = await openBuilding();
});
afterAll(() => world.dispose());
beforeEach(async () => {
  await world.empty();
  await world.ensure(orderSearch);
  await world.apply(change('order', 'o1', 1, { customerId: 'c1', status: 'pending', total: 1, lines: [] }));
});

describe('a view that is dropped', () => {
  it('leaves no generation, index, alias or mark, and its rows mark nothing any more', async () => {
    const [generation] = await readGenerations(world.pool);
    expect(await drop()).toEqual([generation?.indexName]);
    expect(await readGenerations(world.pool)).toEqual([]);
    expect(await world.index.exists(generation?.indexName ?? '')).toBe(false);
    expect(await world.index.pointsAt(`${world.space.indexPrefix}order-search`)).toBeNull();
    await world.apply(change('order', 'o2', 1, { customerId: 'c1', status: 'pending', total: 1, lines: [] }));
    expect(await countMarks(world.pool)).toBe(0);
    expect(await drop()).toEqual([]);
  });

  it('is not dropped while it is being rebuilt', async () => {
    await world.pool.query(
      `INSERT INTO generation (view, number, index_name, fingerprint, plan, state)
       SELECT view, 2, index_name || '-next', fingerprint, plan, 'building' FROM generation`,
    );
    await expect(drop()).rejects.toThrow(ViewBusyError);
    expect(await readGenerations(world.pool)).toHaveLength(2);
  });
});
