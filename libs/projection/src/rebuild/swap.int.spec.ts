import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '#search';
import { expectedDocuments, gate, indexIn, openBuilding, type Building } from '../testing/building.js';
import { rebuildingAnew, type Rebuilding } from '../testing/rebuilding.js';
import { orderSearch, orderSearchWithNotes } from '../testing/shop.js';
import {
  GenerationUnreadableError,
  NothingToSwapError,
  RebuildRunningError,
  RebuildVerifyError,
  RebuildWaitingError,
  SwapRefusedError,
} from './errors.js';
import { readRebuilds } from './jobs.js';
import { rebuild, swapView, type SwapViewOptions } from './rebuild.js';

let world: Building;
let rebuilding: Rebuilding;
const swap = (more: Partial<SwapViewOptions> = {}) =>
  swapView({ ...rebuilding.options(), view: 'order-search', ...more });
const prepare = () => rebuild(rebuilding.options({ swap: 'later' }));
const alias = () => `${world.space.indexPrefix}order-search`;

beforeAll(async () => {
  world = await openBuilding();
});
afterAll(() => world.dispose());
beforeEach(async () => {
  rebuilding = await rebuildingAnew(world, 60);
});

/** Writes and removals since it was left complete reach both generations by marks, which nobody builds here but the swap. */
async function changeSome(): Promise<void> {
  const { order, remove } = rebuilding;
  await world.apply(order('o001', 777), remove('o002'), order('o900', 1));
}

describe('a rebuild that stops before the swap', () => {
  it('leaves a complete generation that is swapped in later, with all that was written meanwhile', async () => {
    const live = await indexIn(world.pool, 'live');
    const prepared = await prepare();
    expect(prepared).toMatchObject({ swapped: false, documents: 60, previousIndexName: null });
    expect(await world.index.pointsAt(alias())).toBe(live);
    expect(await readRebuilds(world.pool)).toMatchObject([
      { view: 'order-search', phase: 'ready', holderState: 'none', scanned: 60, total: 60 },
    ]);
    await changeSome();
    const result = await swap();
    expect(result).toMatchObject({ swapped: true, previousIndexName: live, overridden: [] });
    expect(await world.index.pointsAt(alias())).toBe(prepared.indexName);
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearchWithNotes));
    expect(await readRebuilds(world.pool)).toEqual([]);
  });

  it('is gone on with by a rebuild of the same declaration, which scans nothing again', async () => {
    const prepared = await prepare();
    await changeSome();
    const result = await rebuild(rebuilding.options());
    expect(result).toMatchObject({ swapped: true, resumed: true, scanned: 0, indexName: prepared.indexName });
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearchWithNotes));
  });

  it('is not dropped by a rebuild of another declaration', async () => {
    await prepare();
    await expect(rebuild(rebuilding.options({ plan: orderSearch }))).rejects.toThrow(RebuildWaitingError);
    expect(await rebuilding.states()).toBe('1 live, 2 building');
  });
});

describe('a swap', () => {
  it('is not possible where nothing is complete', async () => {
    await expect(swap()).rejects.toThrow(NothingToSwapError);
    const held = gate();
    const index: SearchIndex = {
      ...world.index,
      write: async (operations, deadlineMs) => {
        await held.pass();
        return world.index.write(operations, deadlineMs);
      },
    };
    const running = rebuild(rebuilding.options({ index, holder: 'host a, process 1' }));
    await held.reached;
    await expect(swap()).rejects.toThrow(RebuildRunningError);
    held.open();
    await running;
  });

  it('is refused while marks that concern the new generation are too old, and can be forced', async () => {
    const { indexName } = await prepare();
    // Left by a process that lacks a function; what is put off is not built while it is waited for.
    await world.pool.query(
      `INSERT INTO mark (view, root_id, index_name, created_at, due_at)
       VALUES ('order-search', 'o001', $1, now() - interval '1 hour', now() + interval '1 hour')`,
      [indexName],
    );
    await expect(swap({ stallMs: 200 })).rejects.toMatchObject({ code: 'rebuild_stalled' });
    expect(await rebuilding.states()).toBe('1 live, 2 building');
    const result = await swap({ stallMs: 200, force: true });
    expect(result.swapped).toBe(true);
    expect(result.overridden.join('\n')).toMatch(
      /1 marks that concern index .* 3[56]\d\d s. 1 of them are for it alone/,
    );
    expect(await indexIn(world.pool, 'live')).toBe(indexName);
  });

  it('is refused when the new index has another number of documents than there are, and can be forced', async () => {
    const { indexName } = await prepare();
    // Lost after the comparison, as the last moment before the alias moves.
    let counts = 0;
    const index: SearchIndex = {
      ...world.index,
      count: async (name) => (await world.index.count(name)) - (name === indexName && ++counts > 2 ? 1 : 0),
    };
    const refused = await swap({ index }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SwapRefusedError);
    expect((refused as SwapRefusedError).refusals).toEqual([
      { what: 'count', sentence: `Index ${indexName} has 59 documents, and by the copies there are 60.` },
    ]);
    expect(await rebuilding.states()).toBe('1 live, 2 building');
    counts = 0;
    expect((await swap({ index, force: true })).overridden).toEqual([
      `Index ${indexName} has 59 documents, and by the copies there are 60.`,
    ]);
    expect(await rebuilding.states()).toBe('1 previous, 2 live');
  }, 60_000);

  it('is refused when the new index does not hold what the copies say, and can be forced', async () => {
    const { indexName } = await prepare();
    // It says that it wrote what it did not write.
    const lying: SearchIndex = {
      ...world.index,
      write: (operations) => Promise.resolve(operations.map(() => ({ kind: 'done' }))),
    };
    await world.apply(rebuilding.remove('o005'));
    const options = { index: lying, stallMs: 500 };
    await expect(swap(options)).rejects.toThrow(RebuildVerifyError);
    expect(await rebuilding.states()).toBe('1 live, 2 building');
    expect((await swap({ ...options, force: true })).overridden.join('\n')).toContain('o005');
    expect(await indexIn(world.pool, 'live')).toBe(indexName);
  }, 60_000);

  it('is refused to a process that lacks a function of the new generation, and can be forced', async () => {
    await prepare();
    await world.pool.query(
      `UPDATE generation SET plan = jsonb_set(plan::jsonb, '{shape,fields,0,of}',
         '{"node":"compute","key":"net@2","kind":"int","inputs":[],"hints":{}}')::json WHERE state = 'building'`,
    );
    await expect(swap()).rejects.toThrow(/functions that this process lacks: net@2/);
    expect((await swap({ force: true })).overridden.join()).toContain('net@2');
  });

  it('is refused while the new index takes no writes, and can be forced', async () => {
    await prepare();
    await world.pool.query(`UPDATE generation SET stopped = 'it was closed' WHERE state = 'building'`);
    await expect(swap()).rejects.toThrow(/takes no writes since it was closed/);
    expect((await swap({ force: true })).overridden).toHaveLength(1);
  });

  it('never moves readers to an index that is gone, forced or not', async () => {
    const live = await indexIn(world.pool, 'live');
    const { indexName } = await prepare();
    await world.index.drop(indexName);
    await expect(swap()).rejects.toThrow(GenerationUnreadableError);
    await expect(swap({ force: true })).rejects.toThrow(GenerationUnreadableError);
    expect(await world.index.pointsAt(alias())).toBe(live);
  });

  it('stays possible when it was cancelled', async () => {
    await prepare();
    const cancel = new AbortController();
    cancel.abort();
    await expect(swap({ signal: cancel.signal })).rejects.toMatchObject({ code: 'swap_cancelled' });
    expect(await swap()).toMatchObject({ swapped: true });
  });
});
