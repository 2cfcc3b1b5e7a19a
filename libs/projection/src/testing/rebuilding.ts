import { readGenerations } from '../generations/generation.js';
import type { RebuildOptions } from '../rebuild/options.js';
import type { Change } from '../apply/change.js';
import { openBuilding, type Building } from './building.js';
import { change, orderSearch, orderSearchWithNotes } from './shop.js';

/** A projection with orders in it, whose view is about to be rebuilt. */
export interface Rebuilding {
  readonly world: Building;
  /** What a rebuild of the shop's orders takes: by the declaration with notes, in chunks of twenty. */
  readonly options: (more?: Partial<RebuildOptions>) => RebuildOptions;
  /** The change that makes an order what it says, at the next version. */
  readonly order: (id: string, total: number) => Change;
  readonly remove: (id: string) => Change;
  /** `1 previous, 2 live`: the generations that are not retired. */
  readonly states: () => Promise<string>;
}

/** With orders `o000` to `o<count - 1>`, of three customers, indexed by the first generation. */
export async function openRebuilding(count: number): Promise<Rebuilding> {
  return rebuildingIn(await openBuilding(), count);
}

/** The same in a world that is there already, and is emptied first. */
export async function rebuildingAnew(world: Building, count: number): Promise<Rebuilding> {
  await world.empty();
  return rebuildingIn(world, count);
}

async function rebuildingIn(world: Building, count: number): Promise<Rebuilding> {
  let nextVersion = 1;
  const order = (id: string, total: number): Change =>
    change('order', id, nextVersion++, {
      customerId: `c${total % 3}`,
      status: 'pending',
      total,
      lines: [{ productId: 'p1', quantity: total }],
    });
  await world.apply(
    ...['c0', 'c1', 'c2'].map((id) =>
      change('customer', id, nextVersion++, { name: id, note: `note of ${id}` }),
    ),
    change('product', 'p1', nextVersion++, { sku: 's1', name: 'Lamp' }),
    ...Array.from({ length: count }, (_, at) => order(orderId(at), at)),
  );
  await world.ensure(orderSearch);
  const builder = world.start();
  await builder.idle();
  await builder.close();
  return {
    world,
    order,
    remove: (id) => change('order', id, nextVersion++, null),
    options: (more = {}) => ({
      ...world.context,
      plan: orderSearchWithNotes,
      indexPrefix: world.space.indexPrefix,
      holder: 'a spec',
      chunk: 20,
      ...more,
    }),
    states: async () =>
      (await readGenerations(world.pool, 'order-search'))
        .map(({ number, state }) => `${number} ${state}`)
        .join(', '),
  };
}

export function orderId(at: number): string {
  return `o${String(at).padStart(3, '0')}`;
}
