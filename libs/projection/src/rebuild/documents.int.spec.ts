import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '#search';
import { indexIn } from '../testing/building.js';
import { openRebuilding, type Rebuilding } from '../testing/rebuilding.js';
import { markedRoots } from '../testing/shop.js';
import { rebuildDocuments } from './documents.js';
import { NoGenerationError } from './errors.js';
import { rebuild } from './rebuild.js';

let rebuilding: Rebuilding;
let live: string;
let previous: string;
beforeAll(async () => {
  rebuilding = await openRebuilding(10);
  await rebuild(rebuilding.options());
  live = await indexIn(rebuilding.world.pool, 'live');
  previous = await indexIn(rebuilding.world.pool, 'previous');
});
afterAll(() => rebuilding.world.dispose());

const build = (ids: readonly string[], index: SearchIndex = rebuilding.world.index) =>
  rebuildDocuments({ ...rebuilding.world.context, index }, 'order-search', ids);

describe('single documents that are built again', () => {
  it('are written to every generation, although the index was last known to hold them', async () => {
    const { world } = rebuilding;
    // Somebody took it from the index, behind the back of what is known.
    await fetch(`${world.space.elasticsearchUrl}/${encodeURIComponent(live)}/_doc/o003`, {
      method: 'DELETE',
    });
    expect(await world.index.get(live, 'o003', { deadlineMs: 5_000 })).toBeNull();
    const built = await build(['o003', 'o003']);
    expect(built).toEqual([
      { id: 'o003', indexName: previous, state: 'previous', outcome: 'indexed', reason: null },
      { id: 'o003', indexName: live, state: 'live', outcome: 'indexed', reason: null },
    ]);
    expect(await world.index.get(live, 'o003', { deadlineMs: 5_000 })).not.toBeNull();
  });

  it('are deleted where the copies have none, known or not', async () => {
    const { world, remove } = rebuilding;
    await world.apply(remove('o004'));
    const built = await build(['o004', 'nobody']);
    expect(built.map(({ outcome }) => outcome)).toEqual(['deleted', 'deleted', 'deleted', 'deleted']);
    expect(await world.index.get(live, 'o004', { deadlineMs: 5_000 })).toBeNull();
  });

  it('are told with the reason where the index refuses them', async () => {
    const { index } = rebuilding.world;
    const refusing: SearchIndex = {
      ...index,
      write: (operations) =>
        Promise.resolve(operations.map(() => ({ kind: 'refused', reason: 'no such field' }))),
    };
    expect(await build(['o005'], refusing)).toMatchObject([
      { outcome: 'refused', reason: 'no such field' },
      { outcome: 'refused', reason: 'no such field' },
    ]);
  });

  it('are left to a builder where they can not be written now', async () => {
    const { world } = rebuilding;
    await world.pool.query(`DELETE FROM mark`);
    const away: SearchIndex = {
      ...world.index,
      write: (operations) =>
        Promise.resolve(operations.map(() => ({ kind: 'retry', reason: 'away', alarm: false }))),
    };
    expect(await build(['o006'], away)).toMatchObject([
      { outcome: 'left', reason: 'away' },
      { outcome: 'left', reason: 'away' },
    ]);
    expect(await markedRoots(world.pool)).toEqual(['o006']);
  });

  it('can not be of a view that is not built', async () => {
    await expect(rebuildDocuments(rebuilding.world.context, 'nothing', ['a'])).rejects.toThrow(
      NoGenerationError,
    );
  });
});
