import { sleep } from '#kernel';
import { eventually } from '#testing';
import { compile, text, view } from '#views';
import { gate, openBuilding, type Building } from '../testing/building.js';
import { interceptedPool } from '../testing/intercepted-pool.js';
import { change, shop } from '../testing/shop.js';

const slow = compile(view('slow', shop.customer, (c) => ({ name: text(c.name) })));
const quick = compile(view('quick', shop.product, (p) => ({ name: text(p.name) })));

let world: Building;
beforeAll(async () => {
  world = await openBuilding();
  await world.ensure(slow, quick);
});
afterAll(() => world.dispose());

const waiting = async (name: string): Promise<number> => {
  const { rows } = await world.pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM mark WHERE view = $1',
    [name],
  );
  return rows[0]?.count ?? -1;
};

describe('a view that takes long to read', () => {
  it('holds up no other view once the process has learnt it, and is built all the same', async () => {
    const held = gate();
    let reads = 0;
    const pool = interceptedPool(world.pool, async (sql) => {
      if (!sql.includes('FROM "copy_customer" WHERE')) return;
      reads += 1;
      if (reads === 1) await sleep(300);
      else await held.pass();
    });
    const builder = world.start({ pool, lanes: 2, restMs: 0 });

    await world.apply(change('customer', 'c1', 1, { name: 'Ann' }));
    await eventually(async () => expect(await waiting('slow')).toBe(0), { timeoutMs: 10_000 });

    await world.apply(change('customer', 'c1', 2, { name: 'Anna' }));
    await held.reached;
    // More of them than there are lanes, each of which would be held.
    for (const at of [1, 2, 3, 4]) {
      await world.apply(
        change('customer', `more-${at}`, 1, { name: 'Bob' }),
        change('product', `p${at}`, 1, { name: 'Lamp' }),
      );
      await eventually(async () => expect(await waiting('quick')).toBe(0), { timeoutMs: 5_000 });
    }
    expect(await waiting('slow')).toBe(5);

    held.open();
    await builder.idle();
    expect((await world.documents('slow')).get('c1')).toEqual({ id: 'c1', name: 'Anna' });
    expect((await world.documents('quick')).get('p1')).toEqual({ id: 'p1', name: 'Lamp' });
  }, 30_000);
});
