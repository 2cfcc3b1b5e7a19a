import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '#search';
import { expectedDocuments, openBuilding, type Building } from '../testing/building.js';
import { orderId, rebuildingAnew, type Rebuilding } from '../testing/rebuilding.js';
import { orderSearchWithNotes } from '../testing/shop.js';
import type { RebuildProgress } from './options.js';
import { rebuild } from './rebuild.js';

let world: Building;
let rebuilding: Rebuilding;
beforeAll(async () => {
  world = await openBuilding();
});
afterAll(() => world.dispose());

/** The world's index, which tells what is written to the new generation. */
function recorded(onWrite: (ids: readonly string[]) => Promise<void> | void): SearchIndex {
  const { index } = world;
  return {
    ...index,
    write: async (operations, deadlineMs) => {
      const outcomes = await index.write(operations, deadlineMs);
      await onWrite(operations.map(({ id }) => id));
      return outcomes;
    },
  };
}

describe('the scan of a rebuild', () => {
  it('builds every root once, on several workers, those at the borders of ranges as well', async () => {
    rebuilding = await rebuildingAnew(world, 330);
    const written: string[] = [];
    const index = recorded((ids) => void written.push(...ids));
    const result = await rebuild(rebuilding.options({ index, workers: 3 }));
    expect(written.toSorted()).toEqual(Array.from({ length: 330 }, (_, at) => orderId(at)));
    expect(result.scanned).toBe(330);
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearchWithNotes));
  });

  it('ends although new roots keep coming behind the last one, which their marks bring', async () => {
    rebuilding = await rebuildingAnew(world, 40);
    const { order } = rebuilding;
    let next = 1_000;
    const index = recorded(async (ids) => {
      if (ids.length < 20 || next > 1_500) return;
      await world.apply(...Array.from({ length: 25 }, () => order(`p${next++}`, next)));
    });
    const result = await rebuild(rebuilding.options({ index, workers: 1 }));
    expect(result.scanned).toBe(40);
    const builder = world.start();
    await builder.idle();
    await builder.close();
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearchWithNotes));
  });

  it('builds no more documents a second than it may', async () => {
    rebuilding = await rebuildingAnew(world, 60);
    const startedAt = performance.now();
    const progress: RebuildProgress[] = [];
    await rebuild(rebuilding.options({ throttle: 20, onProgress: (one) => void progress.push(one) }));
    // The first chunk is free, and the two after it have to wait for a second each.
    expect(performance.now() - startedAt).toBeGreaterThan(1_950);
    const scan = progress.filter(({ phase }) => phase === 'scan');
    for (const { rate } of scan.slice(2)) expect(rate).toBeLessThan(45);
  });

  it('ends with the fault of one worker, and leaves nothing running', async () => {
    rebuilding = await rebuildingAnew(world, 300);
    let inFlight = 0;
    let calls = 0;
    const { index } = world;
    const failing: SearchIndex = {
      ...index,
      write: async (operations, deadlineMs) => {
        inFlight += 1;
        try {
          if (++calls === 4) throw new Error('the wire is cut');
          return await index.write(operations, deadlineMs);
        } finally {
          inFlight -= 1;
        }
      },
    };
    await expect(rebuild(rebuilding.options({ index: failing, workers: 3 }))).rejects.toThrow(
      'the wire is cut',
    );
    expect(inFlight).toBe(0);
    // A server that went away is no reason to begin anew.
    expect(await rebuilding.states()).toBe('1 live, 2 building');
    const result = await rebuild(rebuilding.options());
    expect(result.resumed).toBe(true);
    expect(result.scanned).toBeLessThanOrEqual(300 - 20);
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearchWithNotes));
  });
});
