import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readGenerations, type Generation } from '../generations/generation.js';
import { insertGeneration } from '../generations/insert-generation.js';
import { inTransaction } from '../schema/transaction.js';
import { openBuilding, type Building } from '../testing/building.js';
import { change, orderSearch } from '../testing/shop.js';
import { RebuildLeaseLostError } from './errors.js';
import { isScanned, openRanges, saveStep } from './ranges.js';

let world: Building;
let generation: Generation;

/** Ids whose order by byte differs from that by UTF-16 unit, and from that of most locales. */
const odd = ['Z', 'a', 'Ä', '\uffee', '🙂', 'zz', 'A!'];
const ids = [...Array.from({ length: 60 }, (_, at) => `o${String(at).padStart(3, '0')}`), ...odd].sort(
  byByte,
);

function byByte(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

beforeAll(async () => {
  world = await openBuilding();
});
afterAll(() => world.dispose());
beforeEach(async () => {
  await world.pool.query('DELETE FROM rebuild; DELETE FROM generation; DELETE FROM copy_order');
  await world.apply(
    ...ids.map((id) => change('order', id, 1, { customerId: 'c', status: 'pending', total: 1, lines: [] })),
  );
  await inTransaction(world.pool, (client) =>
    insertGeneration(client, { plan: orderSearch, number: 1, indexName: 'none', state: 'building' }),
  );
  await world.pool.query(
    `INSERT INTO rebuild (view, number, holder, lease_until, token, phase)
     VALUES ('order-search', 1, 'a spec', now() + interval '1 minute', 7, 'scan')`,
  );
  generation = (await readGenerations(world.pool))[0] as Generation;
});

const size = { roots: 10, most: 16 };
const open = () => openRanges(world.pool, generation, '7', size);
/** The roots that a scan reads for one range. */
const rootsOf = async ({ after, to }: { after: string | null; to: string | null }): Promise<string[]> => {
  const { rows } = await world.pool.query<{ id: string }>(
    `SELECT id FROM copy_order WHERE ($1::text IS NULL OR id > $1) AND ($2::text IS NULL OR id <= $2) ORDER BY id`,
    [after, to],
  );
  return rows.map((row) => row.id);
};

describe('the ranges of a scan', () => {
  it('hold every root in exactly one of them, those at their borders as well, and are about equal', async () => {
    const ranges = await open();
    const roots = await Promise.all(ranges.map(rootsOf));
    expect(roots.flat()).toEqual(ids);
    expect(ranges.length).toBe(7);
    for (const one of roots) expect(one.length).toBeGreaterThanOrEqual(8);
    expect(ranges[0]?.after).toBeNull();
    expect(ranges.at(-1)?.to).toBeNull();
    // Each border is a root that is there, so one of the two ranges beside it has to take it.
    for (const { to } of ranges.slice(0, -1)) expect(ids).toContain(to);
  });

  it('are the same for whoever goes on, though roots have come and gone', async () => {
    const before = await open();
    await world.apply(
      change('order', 'o0005', 1, { customerId: 'c', status: 'pending', total: 1, lines: [] }),
      change('order', 'o030', 2, null),
    );
    expect(await open()).toEqual(before);
  });

  it('are one that is open at both ends where there is no root', async () => {
    await world.apply(...ids.map((id) => change('order', id, 2, null)));
    expect(await open()).toEqual([{ part: 1, after: null, to: null, scannedTo: null, done: false }]);
  });

  it('leave out what a rebuild of the release before has scanned, and nothing else', async () => {
    await world.pool.query(`UPDATE rebuild SET scanned_to = 'o024'`);
    const left = (await open()).filter(({ done }) => !done);
    const roots = await Promise.all(
      left.map((range) => rootsOf({ ...range, after: range.scannedTo ?? range.after })),
    );
    expect(roots.flat()).toEqual(ids.filter((id) => byByte(id, 'o024') > 0));
  });

  it('move only for the holder, who learns who has taken it over', async () => {
    await open();
    const step = (token: string, scannedTo: string) =>
      saveStep(world.pool, generation, token, 1, { scannedTo, count: 3, done: false });
    await step('7', 'o003');
    await world.pool.query(`UPDATE rebuild SET token = 8, holder = 'host b, process 2'`);
    await expect(step('7', 'o001')).rejects.toThrow(RebuildLeaseLostError);
    await expect(step('7', 'o001')).rejects.toThrow(/taken over by host b, process 2/);
    expect((await open())[0]).toMatchObject({ scannedTo: 'o003' });
    const { rows } = await world.pool.query('SELECT scanned::int FROM rebuild');
    expect(rows).toEqual([{ scanned: 3 }]);
  });

  it('are scanned when all of them are', async () => {
    expect(await isScanned(world.pool, generation)).toBe(false);
    const ranges = await open();
    for (const { part } of ranges) {
      expect(await isScanned(world.pool, generation)).toBe(false);
      await saveStep(world.pool, generation, '7', part, { scannedTo: null, count: 0, done: true });
    }
    expect(await isScanned(world.pool, generation)).toBe(true);
  });
});
