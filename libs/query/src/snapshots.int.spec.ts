import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '#kernel';
import { elasticsearchIndex, type SearchIndex, type WriteOperation } from '#search';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { compile, id, int, source, view } from '#views';
import { guardedView } from './guard/guarded-view.js';
import type { Page } from './list.js';
import { createReader, type Reader } from './reader.js';
import { servedView } from './served-view.js';

const thing = source('thing', { id: id(), rank: int() }, { owner: 'things' });
const served = guardedView(servedView(compile(view('things', thing, (t) => ({ rank: t.rank })))), null);
const COUNT = 2_500;

describe('A snapshot', () => {
  let space: TestSpace;
  let index: SearchIndex;
  let reader: Reader;
  let nowMs = Date.parse('2026-03-31T12:00:00Z');
  const nobodyLeaves = new AbortController().signal;

  beforeAll(async () => {
    space = await createTestSpace({ elasticsearch: true });
    index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
    reader = newReader(2);
    await fill(1);
  });
  afterAll(async () => {
    await index.close();
    await space.dispose();
  });

  const newReader = (mostSnapshots: number): Reader =>
    createReader({
      index,
      indexPrefix: space.indexPrefix,
      cursorSecret: 'a secret of sixteen',
      clock: { now: () => new Date(nowMs) },
      deadlineMs: 20_000,
      mostSnapshots,
      logger: silentLogger,
    });
  const indexOf = (generation: number): string => `${space.indexPrefix}things.${generation}`;
  const idOf = (at: number): string => `t${String(at).padStart(4, '0')}`;
  const put = (generation: number, at: number, revision: number, rank = at): WriteOperation => ({
    kind: 'index',
    index: indexOf(generation),
    id: idOf(at),
    revision,
    body: JSON.stringify({ id: idOf(at), rank }),
  });
  async function fill(generation: number): Promise<void> {
    await index.create(indexOf(generation), served.plan);
    await index.write(
      Array.from({ length: COUNT }, (_, at) => put(generation, at, 1)),
      20_000,
    );
    await index.refresh(indexOf(generation));
    await index.point(`${space.indexPrefix}things`, indexOf(generation));
  }
  /** Everything moves, a third is deleted, and new ones come. */
  async function disturb(generation: number, revision: number): Promise<void> {
    const changed = Array.from({ length: COUNT }, (_, at): WriteOperation => {
      const moved = put(generation, at, revision, COUNT - at);
      return at % 3 === 0 ? { kind: 'delete', index: moved.index, id: moved.id, revision } : moved;
    });
    await index.write([...changed, put(generation, COUNT + revision, revision)], 20_000);
    await index.refresh(indexOf(generation));
  }
  const page = (query: string, from = reader): Promise<Page> => from.list(served, query, nobodyLeaves);
  const after = ({ next }: Page): string => `cursor=${encodeURIComponent(next ?? '')}`;
  const ranks = ({ documents }: Page): readonly number[] =>
    documents.map((text) => (JSON.parse(text) as { rank: number }).rank);
  const all = Array.from({ length: COUNT }, (_, at) => at);

  test('shows one state from the first page to the last, whatever is written and swapped meanwhile', async () => {
    let walked = await page('snapshot=1m&sort=rank&limit=100');
    const seen = [...ranks(walked)];
    await disturb(1, 2);
    await fill(2);
    while (walked.next !== null) {
      walked = await page(after(walked));
      expect(walked.total).toBe(COUNT);
      seen.push(...ranks(walked));
    }
    expect(seen).toEqual(all);
    // The last page let it go: nothing holds the index that was swapped away.
    expect(await index.heldBy(indexOf(1))).toBe(0);
  });

  test('holds its index for as long as it is walked, and is 410 when its time has passed', async () => {
    const first = await page('snapshot=1s&limit=1');
    expect(await index.heldBy(indexOf(2))).toBe(1);
    // Elasticsearch looks for what has expired about once a minute; what went with its index has expired at once.
    await index.drop(indexOf(2));
    await expect(page(after(first))).rejects.toMatchObject({ code: 'snapshot_expired' });
    expect(await index.heldBy(indexOf(2))).toBe(0);
    await fill(3);
  });

  test('is refused when as many are held as may be, until one ends or its time passes', async () => {
    const few = newReader(2);
    const one = await page('snapshot=1m&limit=100&sort=rank', few);
    await page('snapshot=5m&limit=1', few);
    await expect(page('snapshot=1s&limit=1', few)).rejects.toMatchObject({
      code: 'too_many_snapshots',
      retryAfterSeconds: 60,
    });
    await expect(few.export(served, '', nobodyLeaves)).rejects.toMatchObject({ code: 'too_many_snapshots' });
    // A page begins its minute anew.
    nowMs += 50_000;
    const two = await page(after(one), few);
    nowMs += 50_000;
    await expect(page('snapshot=1s&limit=1', few)).rejects.toMatchObject({ retryAfterSeconds: 10 });
    let walked = two;
    while (walked.next !== null) walked = await page(after(walked), few);
    await expect(page('snapshot=1s&limit=1', few)).resolves.toMatchObject({ total: COUNT });
  });

  test('of a query that fails is let go', async () => {
    const few = newReader(1);
    const leaving = new AbortController();
    leaving.abort();
    await expect(few.list(served, 'snapshot=1m', leaving.signal)).rejects.toMatchObject({
      code: 'search_cancelled',
    });
    await expect(page('snapshot=1m&limit=1', few)).resolves.toMatchObject({ total: COUNT });
  });
});

describe('An export', () => {
  let space: TestSpace;
  let index: SearchIndex;
  let reader: Reader;
  const name = (): string => `${space.indexPrefix}things.1`;

  beforeAll(async () => {
    space = await createTestSpace({ elasticsearch: true });
    index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
    reader = createReader({
      index,
      indexPrefix: space.indexPrefix,
      cursorSecret: 'a secret of sixteen',
      clock: { now: () => new Date() },
      deadlineMs: 20_000,
      mostSnapshots: 1,
      logger: silentLogger,
    });
    await index.create(name(), served.plan);
    await index.point(`${space.indexPrefix}things`, name());
    const body = (at: number): string => JSON.stringify({ id: `t${at}`, rank: at });
    const operations = Array.from({ length: COUNT }, (_, at): WriteOperation => {
      return { kind: 'index', index: name(), id: `t${at}`, revision: 1, body: body(at) };
    });
    await index.write(operations, 20_000);
    await index.refresh(name());
  });
  afterAll(async () => {
    await index.close();
    await space.dispose();
  });

  const never = new AbortController().signal;

  test('has every match of one state once, in the order that was asked for', async () => {
    const chunks = await reader.export(served, 'sort=-rank&rank[lt]=2400', never);
    // Begun: what is deleted now is in it all the same.
    await index.write(
      Array.from({ length: COUNT }, (_, at) => ({
        kind: 'delete' as const,
        index: name(),
        id: `t${at}`,
        revision: 2,
      })).slice(0, 500),
      20_000,
    );
    await index.refresh(name());
    const seen: number[] = [];
    for await (const chunk of chunks)
      seen.push(...chunk.map((text) => (JSON.parse(text) as { rank: number }).rank));
    expect(seen).toEqual(Array.from({ length: 2_400 }, (_, at) => 2_399 - at));
    await eventually(async () => expect(await index.heldBy(name())).toBe(0));
  });

  test('that finds nothing is empty', async () => {
    const chunks = await reader.export(served, 'rank[gt]=100000', never);
    await expect(chunks.next()).resolves.toMatchObject({ done: true });
    await eventually(async () => expect(await index.heldBy(name())).toBe(0));
  });

  test('lets its state go when its reader stops, also before it has read anything', async () => {
    for await (const chunk of await reader.export(served, '', never)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    const leaving = new AbortController();
    await reader.export(served, '', leaving.signal);
    expect(await index.heldBy(name())).toBe(1);
    leaving.abort();
    await eventually(async () => expect(await index.heldBy(name())).toBe(0));
    // Its place is free again, too.
    await (await reader.export(served, '', never)).return(undefined);
  });

  test('refuses what says which page is meant, and what is wrong with the query', async () => {
    await expect(reader.export(served, 'limit=5&cursor=x', never)).rejects.toMatchObject({
      faults: [{ parameter: 'limit' }, { parameter: 'cursor' }],
    });
    await expect(reader.export(served, 'rnk=5', never)).rejects.toMatchObject({ code: 'field_unknown' });
  });
});
