import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '#kernel';
import { elasticsearchIndex, type SearchIndex, type WriteOperation } from '#search';
import { createTestSpace, type TestSpace } from '#testing';
import { compile, id, instant, int, nullable, source, string, view } from '#views';
import { guardedView } from './guard/guarded-view.js';
import { createReader, type Reader } from './reader.js';
import { servedView } from './served-view.js';

const thing = source(
  'thing',
  { id: id(), rank: nullable(int()), name: string(), at: instant() },
  { owner: 'things' },
);
const things = view('things', thing, (t) => ({ rank: t.rank, name: t.name, at: t.at }));
const served = guardedView(servedView(compile(things)), null);
const secret = 'a secret of sixteen';

describe('Reading a view page by page', () => {
  let space: TestSpace;
  let index: SearchIndex;
  let reader: Reader;
  let now = Date.parse('2026-03-31T12:00:00Z');
  const nobodyLeaves = new AbortController().signal;

  beforeAll(async () => {
    space = await createTestSpace({ elasticsearch: true });
    index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
    reader = createReader({
      index,
      indexPrefix: space.indexPrefix,
      cursorSecret: secret,
      clock: { now: () => new Date(now) },
      deadlineMs: 20_000,
      mostSnapshots: 2,
      logger: silentLogger,
    });
    await fill(1);
  });
  afterAll(async () => {
    await index.close();
    await space.dispose();
  });

  const indexOf = (generation: number): string => `${space.indexPrefix}things.${generation}`;
  const put = (generation: number, at: number, revision: number, changed: object = {}): WriteOperation => {
    const thingId = `t${String(at).padStart(4, '0')}`;
    // Ten ranks for a thousand things, a tenth of them without: every page has ties and some end within the nulls.
    const document = {
      id: thingId,
      rank: at % 10 === 0 ? null : at % 10,
      name: `Name ${at % 7}`,
      at: '2026-03-31T00:00:00.000Z',
      ...changed,
    };
    return {
      kind: 'index',
      index: indexOf(generation),
      id: thingId,
      revision,
      body: JSON.stringify(document),
    };
  };
  const write = async (operations: readonly WriteOperation[]): Promise<void> => {
    const outcomes = await index.write(operations, 20_000);
    expect(new Set(outcomes.map((outcome) => outcome.kind))).toEqual(new Set(['done']));
  };
  async function fill(generation: number): Promise<void> {
    await index.create(indexOf(generation), served.plan);
    await write(Array.from({ length: 1_000 }, (_, at) => put(generation, at, 1)));
    await index.refresh(indexOf(generation));
    await index.point(`${space.indexPrefix}things`, indexOf(generation));
  }
  async function walk(
    query: string,
    between: (page: number) => Promise<void> = async () => {},
  ): Promise<string[]> {
    const seen: string[] = [];
    let next: string | null = null;
    for (let page = 0; page === 0 || next !== null; page += 1) {
      const answer: Awaited<ReturnType<Reader['list']>> = await reader.list(
        served,
        next === null ? query : `cursor=${encodeURIComponent(next)}`,
        nobodyLeaves,
      );
      expect(answer).toMatchObject({ total: 1_000, totalIsExact: true });
      seen.push(...answer.documents.map((text) => (JSON.parse(text) as { id: string }).id));
      next = answer.next;
      await between(page);
    }
    return seen;
  }

  test.each([
    'sort=rank',
    'sort=-rank',
    'sort=rank:nullsFirst',
    'sort=-rank:nullsFirst',
    'sort=name,-rank',
    'sort=-id',
    '',
  ])('a walk by %j meets every document once', async (sort) => {
    const seen = await walk(`limit=73&${sort}`);
    expect(seen).toHaveLength(1_000);
    expect(new Set(seen).size).toBe(1_000);
  });

  test('a walk survives a swap to another generation', async () => {
    const seen = await walk('limit=100&sort=-rank', async (page) => {
      if (page === 4) await fill(2);
    });
    expect(new Set(seen).size).toBe(1_000);
    expect(seen).toHaveLength(1_000);
  });

  test('while documents are written and deleted, none that did not change is missed or met twice', async () => {
    const changes = new Set<number>();
    const seen = await walk('limit=50&sort=rank', async (page) => {
      // Away, moved to another place of the order, and new ones: a seventh of all.
      const at = Array.from({ length: 7 }, (_, one) => page * 49 + one * 7).filter((one) => one < 1_000);
      at.forEach((one) => changes.add(one));
      const operations = at.map((one, nth): WriteOperation => {
        const moved = put(2, one, 10 + page, { rank: (one * 3) % 10 });
        return nth % 2 === 0
          ? moved
          : { kind: 'delete', index: moved.index, id: moved.id, revision: 10 + page };
      });
      await write([...operations, put(2, 2_000 + page, 1)]);
      await index.refresh(indexOf(2));
    });
    for (let at = 0; at < 1_000; at += 1) {
      if (changes.has(at)) continue;
      const thingId = `t${String(at).padStart(4, '0')}`;
      expect([thingId, seen.filter((one) => one === thingId).length]).toEqual([thingId, 1]);
    }
    expect(changes.size).toBeGreaterThan(50);
  });

  test('now stays that of the first page', async () => {
    await fill(3);
    const first = await reader.list(served, 'at[gte]=now-1d&limit=1', nobodyLeaves);
    expect(first.total).toBe(1_000);
    now += 10 * 86_400_000;
    expect((await reader.list(served, 'at[gte]=now-1d&limit=1', nobodyLeaves)).total).toBe(0);
    const second = await reader.list(served, `cursor=${encodeURIComponent(first.next ?? '')}`, nobodyLeaves);
    expect(second.documents).toHaveLength(1);
  });

  test('a cursor of another view, or with other parameters, is refused', async () => {
    const { next } = await reader.list(served, 'limit=1&sort=rank', nobodyLeaves);
    const cursor = encodeURIComponent(next ?? '');
    const other = { ...served, name: 'others' };
    await expect(reader.list(other, `cursor=${cursor}`, nobodyLeaves)).rejects.toMatchObject({
      code: 'cursor_mismatch',
    });
    await expect(
      reader.list(served, `cursor=${cursor}&limit=2&sort=rank`, nobodyLeaves),
    ).rejects.toMatchObject({ code: 'cursor_mismatch' });
    await expect(
      reader.list(served, `cursor=${cursor}&cursor=${cursor}`, nobodyLeaves),
    ).rejects.toMatchObject({ faults: [{ code: 'parameter_repeated' }] });
  });

  test('a caller that leaves ends the search', async () => {
    const leaving = new AbortController();
    leaving.abort();
    const listed = reader.list(served, 'limit=1', leaving.signal);
    await expect(listed).rejects.toMatchObject({ code: 'search_cancelled' });
  });
});
