import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SearchIndex } from '#search';
import { eventually } from '#testing';
import { compile, describe as describeSource } from '#views';
import { readGenerations, type Generation } from '../generations/generation.js';
import { currentRevision } from '../revision/snapshot.js';
import { countMarks, openBuilding, untilNoMarks, type Building } from '../testing/building.js';
import { orderBook, orderBookSources } from '../testing/order-book.js';
import { change, orderSearch } from '../testing/shop.js';
import { VerifyNotRunnableError } from './errors.js';
import { verifyDocuments, type Verified, type VerifyOptions } from './verify-documents.js';

jest.setTimeout(120_000);

let world: Building;
let live: Generation;
let versions = 0;
const order = (id: string, total: number) =>
  change('order', id, ++versions, {
    customerId: `c${total % 3}`,
    status: 'pending',
    total,
    lines: [{ productId: 'p1', quantity: total }],
  });
const customer = (id: string, name: string) => change('customer', id, ++versions, { name, note: null });

beforeAll(async () => {
  world = await openBuilding();
});
afterAll(() => world.dispose());
beforeEach(() => world.empty());

/** Orders with these ids, built into the first generation; nobody builds afterwards. */
async function seed(ids: readonly string[]): Promise<void> {
  await world.apply(...['c0', 'c1', 'c2'].map((id) => customer(id, id)), ...ids.map(order));
  await world.ensure(orderSearch);
  await built();
  live = (await readGenerations(world.pool))[0] as Generation;
}

async function built(): Promise<void> {
  await world.fanOut();
  const builder = world.start({ restMs: 0 });
  await untilNoMarks(world.pool, 20_000);
  await builder.close();
}

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `o${String(at).padStart(4, '0')}`);

function verify(more: Partial<VerifyOptions> = {}): Promise<Verified> {
  return verifyDocuments({ ...world.context, settleMs: 10_000, stallMs: 500, ...more }, live);
}

/** Writes past all rules, as somebody with a console would: the version goes up by one, or is the one that is given. */
async function tamper(method: 'PUT' | 'DELETE', id: string, body?: object, version?: number): Promise<void> {
  const how = version === undefined ? '' : `?version=${version}&version_type=external_gte`;
  const url = `${world.space.elasticsearchUrl}/${live.indexName}/_doc/${encodeURIComponent(id)}${how}`;
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function stored(id: string): Promise<{ revision: number; document: Record<string, unknown> }> {
  const found = await world.index.get(live.indexName, id, { deadlineMs: 10_000 });
  if (found === null) throw new Error(`there is no document ${id}`);
  return { revision: found.revision, document: JSON.parse(found.source) as Record<string, unknown> };
}

const told = ({ differences }: Verified): readonly string[] =>
  differences.map(({ id, kind, waiting }) => `${id} ${kind}${waiting ? ', waiting' : ''}`).sort();

describe('verifying a generation', () => {
  it('finds nothing wrong where nothing is, and reads both sides whole', async () => {
    await seed(numbered(250));
    expect(await verify()).toMatchObject({ verdict: 'equal', roots: 250, documents: 250, lookedAt: 0 });
  });

  it('tells every kind of difference, at the first and last id and between', async () => {
    await seed(numbered(100));
    const [first, middle] = [await stored('o0000'), await stored('o0050')];
    await tamper('DELETE', 'o0000', undefined, first.revision);
    await tamper('PUT', 'o0050', { ...middle.document, total: -1 }, middle.revision);
    await tamper('DELETE', 'o0060', undefined, (await stored('o0060')).revision);
    const fresh = await currentRevision(world.pool);
    await tamper('PUT', 'o0099', (await stored('o0099')).document, fresh + 1_000_000);
    // Older content at an older revision: only a delete by hand and the loss of its tombstone let it in.
    await world.pool.query(`UPDATE document SET revision = revision + 1 WHERE root_id = 'o0070'`);
    await tamper(
      'PUT',
      'o0070',
      { ...(await stored('o0070')).document, total: 7 },
      (await stored('o0070')).revision,
    );
    for (const id of ['!', 'o0050a', 'zzz', '😀']) await tamper('PUT', id, { id, total: 1 }, 1);
    const result = await verify();
    expect(told(result)).toEqual(
      [
        ...['! extra', 'o0000 missing', 'o0050 different', 'o0050a extra', 'o0060 missing', 'o0070 stale'],
        ...['o0099 ahead', 'zzz extra', '😀 extra'],
      ].sort(),
    );
    expect(result).toMatchObject({
      verdict: 'different',
      counts: { missing: 2, extra: 4, stale: 1, different: 1, ahead: 1 },
    });
    expect(result.differences.find(({ id }) => id === 'o0050')?.revision).toBe(middle.revision);
  });

  it('finds a document whose id field says something else, or nothing, or is not fit for a copy', async () => {
    await seed(numbered(20));
    const { document, revision } = await stored('o0007');
    await tamper('PUT', 'o0007', { ...document, id: 'o0012' }, revision);
    await tamper('PUT', 'o0008', { total: 1 }, (await stored('o0008')).revision);
    await tamper('PUT', 'stray', { total: 1 }, 1);
    await tamper('PUT', 'ghost', { id: 'o0012', total: 1 }, 1);
    await tamper('PUT', 'nul \0', { id: 'nul \0', total: 1 }, 1);
    // The same document under two ids, the wrong one first.
    const own = await stored('o0015');
    await tamper('PUT', 'twin', own.document, 1);
    await tamper('PUT', 'o0015', own.document, own.revision);
    expect(told(await verify())).toEqual(
      [
        ...['ghost extra', 'nul \0 extra', 'o0007 different', 'o0008 different', 'stray extra', 'twin extra'],
      ].sort(),
    );
  });

  it('walks ids by byte on both sides, whatever they are made of', async () => {
    const ids = ['A', 'a', 'a/b?c', 'ab', 'é', 'ｚ', '\uffee', '😀', '😀b', '𝒳', 'z'];
    await seed(ids);
    expect(await verify()).toMatchObject({ verdict: 'equal', roots: ids.length, lookedAt: 0 });
    await tamper('DELETE', '\uffee', undefined, (await stored('\uffee')).revision);
    await tamper('PUT', '\uffed', { id: '\uffed' }, 1);
    const result = await verify();
    expect(told(result)).toEqual(['\uffed extra', '\uffee missing']);
    // In another order, what comes after them would be doubted as well.
    expect(result.lookedAt).toBe(2);
  });

  it('tells a document that is refused apart, with the reason', async () => {
    await seed(numbered(10));
    const refusing: SearchIndex = {
      ...world.index,
      write: (operations) =>
        Promise.resolve(operations.map(() => ({ kind: 'refused' as const, reason: 'no such field' }))),
    };
    await world.apply(order('o0003', 99), order('new', 5));
    const builder = world.start({ index: refusing });
    await untilNoMarks(world.pool);
    await builder.close();
    const result = await verify();
    expect(result).toMatchObject({ verdict: 'equal', counts: { missing: 0, stale: 0 } });
    expect([...result.refused.first].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: 'new', reason: 'no such field' },
      { id: 'o0003', reason: 'no such field' },
    ]);
  });
});

describe('what is late and not wrong', () => {
  it('is waited for, and gives no difference when it is built', async () => {
    await seed(numbered(50));
    await world.apply(order('o0001', 500), change('order', 'o0002', ++versions, null), order('o9999', 1));
    await world.apply(customer('c1', 'Renamed'));
    const verifying = verify({ stallMs: 8_000 });
    // The marks are there and the changed key too; only then somebody builds.
    const builder = world.start({ restMs: 0 });
    await world.fanOut();
    expect(await verifying).toMatchObject({ verdict: 'equal', unsettled: { count: 0 } });
    await builder.close();
    expect(await verify()).toMatchObject({ verdict: 'equal', lookedAt: 0 });
  });

  it('is told as waiting when its marks stand still, beside what is plainly wrong', async () => {
    await seed(numbered(20));
    await tamper('DELETE', 'o0005', undefined, (await stored('o0005')).revision);
    await world.apply(order('o0001', 500));
    expect(told(await verify())).toEqual(['o0001 stale, waiting', 'o0005 missing']);
    expect(await countMarks(world.pool)).toBe(1);
  });

  it('holds back the verdict about anything while a changed key waits that may reach it, and then tells it', async () => {
    await seed(numbered(20));
    await world.apply(customer('c1', 'Renamed'));
    const result = await verify();
    expect(result.differences.length).toBeGreaterThan(3);
    expect(result.differences.every(({ kind, waiting }) => kind === 'stale' && waiting)).toBe(true);
    await built();
    expect(await verify()).toMatchObject({ verdict: 'equal' });
  });

  it('is unsettled when time is over while it still moves', async () => {
    await seed(numbered(20));
    await world.apply(...numbered(20).map((id) => order(id, 700)));
    const stop = new AbortController();
    // Marks of these roots come and go, and never are all gone.
    const moving = (async () => {
      while (!stop.signal.aborted) {
        await world.pool.query(
          `INSERT INTO mark (view, root_id, created_at) SELECT 'order-search', 'o0001', now() - interval '1 minute' FROM generate_series(1, 1)`,
        );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const result = await verify({ settleMs: 1_500, stallMs: 1_000 });
    stop.abort();
    await moving;
    expect(result).toMatchObject({ verdict: 'unsettled', unsettled: { count: 20 } });
  });

  it.each([
    ['stands', 8, { verdict: 'equal', unsettled: { count: 0 }, moving: 0 }],
    ['is over', Infinity, { verdict: 'unsettled', unsettled: { count: 1 }, moving: 0 }],
  ])(
    'that is another in every look, of one revision, is looked at until it %s',
    async (_end, lasts, expected) => {
      await seed(numbered(20));
      let looks = 0;
      const changed = <D extends { readonly source: string }>(document: D): D => ({
        ...document,
        source: `${document.source}${' '.repeat(looks + 1)}`,
      });
      const flickering: SearchIndex = {
        ...world.index,
        scanRange: async (...asked) => {
          const page = await world.index.scanRange(...asked);
          const documents = page.documents.map((one) => (one.id === 'o0003' ? changed(one) : one));
          return { ...page, documents };
        },
        getMany: async (...asked) => {
          const found = await world.index.getMany(...asked);
          looks += 1;
          const one = found.get('o0003');
          return one === undefined || looks > lasts ? found : new Map([...found, ['o0003', changed(one)]]);
        },
      };
      const settleMs = lasts === Infinity ? 1_500 : 10_000;
      const context = { ...world.context, index: flickering, settleMs, stallMs: 500 };
      expect(await verifyDocuments(context, live)).toMatchObject(expected);
      expect(looks).toBeGreaterThan(6);
    },
  );

  it('gives no false alarm while orders are changed, deleted and created and customers renamed', async () => {
    await seed(numbered(300));
    const builder = world.start({ restMs: 100 });
    const stop = new AbortController();
    let rounds = 0;
    const writing = (async () => {
      for (; !stop.signal.aborted; rounds++) {
        const id = `o${String((rounds * 37) % 320).padStart(4, '0')}`;
        await world.apply(
          rounds % 5 === 4 ? change('order', id, ++versions, null) : order(id, 1_000 + rounds),
        );
        if (rounds % 8 === 7) await world.apply(customer(`c${rounds % 3}`, `renamed ${rounds}`));
        await world.fanOut();
      }
    })();
    await eventually(() => expect(rounds).toBeGreaterThan(10));
    let lookedAt = 0;
    for (let run = 0; run < 4; run++) {
      const result = await verify({ settleMs: 30_000, stallMs: 10_000 });
      expect({ ...result, lookedAt: 0 }).toMatchObject({ verdict: 'equal', differences: [] });
      lookedAt += result.lookedAt;
    }
    stop.abort();
    await writing;
    await builder.close();
    // Else the writers were never in the way, and this shows nothing.
    expect(lookedAt).toBeGreaterThan(0);
  });
});

describe('a sample', () => {
  it('reads about as many roots as it is told, and finds what its ranges hold on both sides', async () => {
    await seed(numbered(400));
    await tamper('DELETE', 'o0001', undefined, (await stored('o0001')).revision);
    for (const id of ['!', 'o0100x', 'zzz']) await tamper('PUT', id, { id }, 1);
    // Chooses a place before what is wrong in the middle; both ends are always looked at.
    const result = await verify({ sample: { roots: 200, random: () => 0.245 } });
    expect(told(result)).toEqual(['! extra', 'o0001 missing', 'o0100x extra', 'zzz extra'].sort());
    expect(result.roots).toBeLessThan(60);
  });

  it('larger than the view is the view', async () => {
    await seed(numbered(30));
    await tamper('PUT', 'zzz', { id: 'zzz' }, 1);
    const result = await verify({ sample: { roots: 1_000, random: () => 0.3 } });
    expect(told(result)).toEqual(['zzz extra']);
  });
});

describe('verifying that can not go on', () => {
  it('rejects with what the index says, and leaves nothing running', async () => {
    await seed(numbered(300));
    let asked = 0;
    const failing: SearchIndex = {
      ...world.index,
      scanRange: () => {
        asked += 1;
        return Promise.reject(new Error('the index is away'));
      },
    };
    await expect(verify({ index: failing })).rejects.toThrow('the index is away');
    const before = asked;
    await world.pool.query('SELECT 1');
    expect(asked).toBe(before);
  });

  it('stops when it is told to', async () => {
    await seed(numbered(100));
    const stop = new AbortController();
    const stopped = verify({
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('stopped by the test')),
    });
    await expect(stopped).rejects.toThrow('stopped by the test');
  });

  it('is refused where a function of the plan is missing', async () => {
    const other = await openBuilding({ sources: orderBookSources.map((source) => describeSource(source)) });
    try {
      await other.ensure(compile(orderBook));
      const [generation] = await readGenerations(other.pool);
      if (generation === undefined) throw new Error('there is no generation');
      await expect(verifyDocuments(other.context, generation)).rejects.toThrow(VerifyNotRunnableError);
    } finally {
      await other.dispose();
    }
  });
});
