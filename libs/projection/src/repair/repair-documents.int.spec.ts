import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SearchIndex, WriteOperation } from '#search';
import { readGenerations, type Generation } from '../generations/generation.js';
import { stopGeneration } from '../generations/stop.js';
import { epochOf } from '../revision/revision.js';
import { currentRevision } from '../revision/snapshot.js';
import { silentLogger } from '#kernel';
import { openBuilding, untilNoMarks, type Building } from '../testing/building.js';
import { plainIndex, type PlainIndex } from '../testing/plain-index.js';
import { change, orderSearch } from '../testing/shop.js';
import { settle } from '../verify/settle.js';
import { verifyDocuments } from '../verify/verify-documents.js';
import { GenerationStoppedError } from './errors.js';
import { proposeRepairs, type Proposal } from './propose.js';
import { repairDocuments, type Repaired, type RepairOptions } from './repair-documents.js';

jest.setTimeout(120_000);

let world: Building;
let live: Generation;
let plain: PlainIndex;
let version = 0;
const order = (id: string, total: number) =>
  change('order', id, ++version, { customerId: 'c1', status: 'pending', total, lines: [] });
const ids = Array.from({ length: 20 }, (_, at) => `o${String(at).padStart(2, '0')}`);

beforeAll(async () => {
  world = await openBuilding();
});
afterAll(() => world.dispose());
beforeEach(async () => {
  await world.empty();
  await world.apply(change('customer', 'c1', ++version, { name: 'Ann', note: null }), ...ids.map(order));
  await world.ensure(orderSearch);
  const builder = world.start();
  await untilNoMarks(world.pool, 20_000);
  await builder.close();
  live = (await readGenerations(world.pool))[0] as Generation;
  plain = plainIndex(world.space.elasticsearchUrl, live.indexName);
});

function repair(of: readonly string[], more: Partial<RepairOptions> = {}): Promise<Repaired> {
  return repairDocuments({ ...world.context, settleMs: 10_000, stallMs: 300, ...more }, live, of);
}

async function stored(id: string): Promise<{ revision: number; source: string } | null> {
  return world.index.get(live.indexName, id, { deadlineMs: 10_000 });
}

/** The document with another total, at the revision that it has. */
async function spoil(id: string, revision?: number): Promise<void> {
  const { revision: own, source } = (await stored(id)) as { revision: number; source: string };
  await plain.write([{ id, version: revision ?? own, body: source.replace(/"total":\d+/, '"total":-1') }]);
}

async function verdict(): Promise<string> {
  return (await verifyDocuments({ ...world.context, stallMs: 300 }, live)).verdict;
}

describe('repairing', () => {
  it('writes what differs and nothing else, whatever it is told to look at', async () => {
    await spoil('o03');
    await plain.delete(['o04']);
    await plain.write([{ id: 'ghost', version: 1, body: '{"id":"ghost"}' }]);
    const untouched = await stored('o05');
    const before = await plain.writes();
    const result = await repair(['o03', 'o04', 'ghost', 'o05', 'nobody']);
    expect(result.repaired.map(({ id, kind }) => `${id} ${kind}`).sort()).toEqual([
      'ghost extra',
      'o03 different',
      'o04 missing',
    ]);
    expect(result).toMatchObject({ equal: 2, left: [], epochRaised: false });
    expect((await plain.writes()) - before).toBe(3);
    expect(await stored('o05')).toEqual(untouched);
    expect(await verdict()).toBe('equal');
    expect(await repair(['o03', 'o04', 'ghost'])).toMatchObject({ repaired: [], equal: 3 });
  });

  it('mends a document with a revision from the future, by raising the epoch above it, so that it takes changes again', async () => {
    const before = epochOf(await currentRevision(world.pool));
    const future = (await currentRevision(world.pool)) + 1_000_000;
    const { source } = (await stored('o07')) as { source: string };
    await plain.write([{ id: 'o07', version: future, body: source }]);
    await plain.write([{ id: 'ghost', version: future, body: '{"id":"ghost"}' }]);
    const found = await verifyDocuments(world.context, live);
    expect(found.differences.map(({ id, kind }) => `${id} ${kind}`)).toEqual(['ghost ahead', 'o07 ahead']);
    const result = await repair(['o07', 'ghost']);
    expect(result).toMatchObject({ left: [], epochRaised: true });
    expect(result.repaired).toHaveLength(2);
    expect(epochOf((await stored('o07'))?.revision ?? 0)).toBeGreaterThan(before);
    expect(await stored('ghost')).toBeNull();
    await world.apply(order('o07', 4_711));
    const builder = world.start({ restMs: 0 });
    await untilNoMarks(world.pool, 20_000);
    await builder.close();
    expect((await stored('o07'))?.source).toContain('4711');
    expect(await verdict()).toBe('equal');
  });

  it('leaves alone what has a revision above all that there will be, since raising the epoch would end all building', async () => {
    const { source } = (await stored('o07')) as { source: string };
    await plain.write([{ id: 'o07', version: Number.MAX_SAFE_INTEGER, body: source }]);
    const epoch = epochOf(await currentRevision(world.pool));
    const result = await repair(['o07']);
    expect(result.left).toEqual([{ id: 'o07', reason: expect.stringContaining('rebuild the view') }]);
    expect(epochOf(await currentRevision(world.pool))).toBe(epoch);
  });

  it('builds what waits and nobody builds, and does not mind the mark that is left', async () => {
    await world.apply(order('o01', 900));
    expect(await verdict()).toBe('different');
    expect(await repair(['o01'])).toMatchObject({ repaired: [{ id: 'o01', kind: 'stale', waiting: true }] });
    expect((await stored('o01'))?.source).toContain('900');
  });

  it('tells what the index refuses, with its reason, and keeps it as a dead letter', async () => {
    await plain.delete(['o02']);
    const refusing: SearchIndex = {
      ...world.index,
      write: (operations) =>
        Promise.resolve(operations.map(() => ({ kind: 'refused' as const, reason: 'no such field' }))),
    };
    const result = await repair(['o02'], { index: refusing });
    expect(result).toMatchObject({
      repaired: [],
      left: [{ id: 'o02', reason: expect.stringContaining('no such field') }],
    });
    const { rows } = await world.pool.query('SELECT root_id FROM dead_letter WHERE healed_at IS NULL');
    expect(rows).toEqual([{ root_id: 'o02' }]);
    expect(await repair(['o02'])).toMatchObject({ repaired: [], left: [{ id: 'o02' }] });
  });

  it('tries again what the index refuses for now, from a new snapshot', async () => {
    await plain.delete(['o02']);
    const sent: WriteOperation[][] = [];
    const busy: SearchIndex = {
      ...world.index,
      write: async (operations, deadlineMs) => {
        sent.push([...operations]);
        if (sent.length < 3)
          return operations.map(() => ({ kind: 'retry' as const, reason: 'busy', alarm: false }));
        return world.index.write(operations, deadlineMs);
      },
    };
    expect(await repair(['o02'], { index: busy })).toMatchObject({ repaired: [{ id: 'o02' }], left: [] });
    expect(sent).toHaveLength(3);
  });

  it('is refused where the generation takes no writes', async () => {
    await plain.delete(['o02']);
    await stopGeneration(world.pool, live, 'closed by the test', silentLogger);
    await expect(repair(['o02'])).rejects.toThrow(GenerationStoppedError);
  });
});

describe('what a repair would change', () => {
  it('is told document by document and field by field, and changes nothing', async () => {
    await spoil('o03');
    await plain.delete(['o04']);
    await plain.write([{ id: 'ghost', version: 1, body: '{"id":"ghost"}' }]);
    const before = await plain.writes();
    const signal = new AbortController().signal;
    const { differences } = await settle(world.context, live, ['ghost', 'o03', 'o04', 'o05'], {
      settleMs: 5_000,
      stallMs: 300,
      signal,
    });
    const proposals: Proposal[] = [];
    for await (const one of proposeRepairs(world.context, live, differences)) proposals.push(one);
    expect(proposals.map(({ difference, changes }) => [difference.id, changes])).toEqual([
      ['ghost', [{ path: '', before: { id: 'ghost' }, after: null }]],
      ['o03', [{ path: 'total', before: -1, after: 3 }]],
      ['o04', [{ path: '', before: null, after: expect.objectContaining({ id: 'o04', total: 4 }) }]],
    ]);
    expect(await plain.writes()).toBe(before);
  });
});
