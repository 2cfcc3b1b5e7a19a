import { describe, expect, test } from '@jest/globals';
import { silentLogger, systemClock } from '#kernel';
import { memoryIndex, type SearchIndex } from '#search';
import { compile, id, int, source, view } from '#views';
import { guardedView } from '../guard/guarded-view.js';
import { createReader, type Reader } from '../reader.js';
import { servedView } from '../served-view.js';
import type { AskedInclusion, Freshness, Inclusion } from './freshness.js';
import type { ReadBy } from './own-writes.js';

const thing = source('thing', { id: id(), rank: int() }, { owner: 'things' });
const things = guardedView(servedView(compile(view('things', thing, (t) => ({ rank: t.rank })))), null);
const { signal } = new AbortController();
const asked = {
  writes: [{ source: 'thing', id: 't1', epoch: 0, version: 7 }],
  waitMs: 60_000,
  appliedWait: null,
};

interface Scene {
  readonly reader: Reader;
  /** What happened, in order. */
  readonly steps: string[];
  readonly inclusions: AskedInclusion[];
}

async function scene(
  answer: Inclusion | (() => Promise<Inclusion>) = 'included',
  refresh: () => Promise<void> = () => Promise.resolve(),
): Promise<Scene> {
  const steps: string[] = [];
  const inclusions: AskedInclusion[] = [];
  const index = memoryIndex();
  await index.create('things.1', things.plan);
  await index.point('things', 'things.1');
  const put = (id: string) =>
    ({ kind: 'index', index: 'things.1', id, revision: 1, body: JSON.stringify({ id, rank: 1 }) }) as const;
  await index.write(['t1', 't2'].map(put), 1_000);
  const noted: SearchIndex = {
    ...index,
    refresh: (name) => {
      steps.push(`refresh ${name}`);
      return refresh();
    },
    get: (...parameters) => {
      steps.push(parameters[2].fresh ? 'get anew' : 'get');
      return index.get(...parameters);
    },
    search: (...parameters) => {
      steps.push(parameters[3].fresh ? 'search anew' : 'search');
      return index.search(...parameters);
    },
    openPointInTime: (...parameters) => {
      steps.push('hold');
      return index.openPointInTime(...parameters);
    },
  };
  const freshness: Freshness = {
    lagMs: () => Promise.resolve(12.4),
    untilIncluded: (one) => {
      steps.push('wait');
      inclusions.push(one);
      return typeof answer === 'string' ? Promise.resolve(answer) : answer();
    },
  };
  const reader = createReader({
    index: noted,
    indexPrefix: '',
    cursorSecret: 'a secret of sixteen',
    clock: systemClock,
    deadlineMs: 20_000,
    mostSnapshots: 2,
    freshness,
    logger: silentLogger,
  });
  return { reader, steps, inclusions };
}

const begin = (reader: Reader, by: ReadBy, after: typeof asked | null = asked) =>
  reader.begin(things, after, by, signal);

describe('A read that should contain writes', () => {
  test('waits for nothing when none are asked for', async () => {
    const { reader, steps } = await scene();
    const { before, told } = begin(reader, 'search', null);
    await reader.list(things, '', signal, before);
    expect(steps).toEqual(['search']);
    expect(await told()).toEqual({ lagMs: 12 });
  });

  test('of one document waits for that one, and needs no refresh', async () => {
    const { reader, steps, inclusions } = await scene();
    const { before, told } = begin(reader, { id: 't1' });
    await reader.get(things, 't1', signal, before);
    expect(steps).toEqual(['wait', 'get anew']);
    expect(inclusions).toMatchObject([{ view: 'things', rootId: 't1', writes: asked.writes }]);
    expect(await told()).toEqual({ lagMs: 12, after: 'included' });
  });

  test('that searches has the index refreshed after the wait, and a state held after that', async () => {
    const { reader, steps, inclusions } = await scene();
    const { before, told } = begin(reader, 'search');
    await reader.list(things, 'snapshot=1m', signal, before);
    expect(steps).toEqual(['wait', 'refresh things', 'hold', 'search anew']);
    expect(inclusions).toMatchObject([{ rootId: null }]);
    expect(await told()).toEqual({ lagMs: 12, after: 'included' });
  });

  test('that was not included in time is no reason to refresh', async () => {
    const { reader, steps } = await scene('timeout');
    const { before, told } = begin(reader, 'search');
    await reader.list(things, '', signal, before);
    expect(steps).toEqual(['wait', 'search anew']);
    expect(await told()).toMatchObject({ after: 'timeout' });
  });

  test.each([
    ['fails', () => Promise.reject(new Error('away'))],
    ['takes too long', () => new Promise<void>(() => undefined)],
  ])('says that it may lack them when the refresh %s', async (_, refresh) => {
    const { reader, steps } = await scene('included', refresh);
    const { before, told } = begin(reader, 'search', { ...asked, waitMs: 30 });
    await reader.list(things, '', signal, before);
    expect(steps).toEqual(['wait', 'refresh things', 'search anew']);
    expect(await told()).toMatchObject({ after: 'timeout' });
  });

  test('is refused for its faults before anything is waited for', async () => {
    const { reader, steps } = await scene();
    const { before } = begin(reader, 'search');
    await expect(reader.list(things, 'rnk=1', signal, before)).rejects.toThrow('rnk');
    await expect(reader.search(things, { wher: 1 }, signal, before)).rejects.toThrow('wher');
    await expect(reader.batch(things, {}, signal, before)).rejects.toThrow('ids');
    await expect(reader.suggest(things, '', signal, before)).rejects.toThrow('field');
    await expect(reader.stats(things, 'sum=x', signal, before)).rejects.toThrow('x');
    await expect(reader.export(things, 'page=1', signal, before)).rejects.toThrow('page');
    expect(steps).toEqual([]);
  });

  test('goes on in a state that was held before without a wait, and says that it may lack them', async () => {
    const { reader, steps } = await scene();
    const { next } = await reader.list(things, 'snapshot=1m&limit=1', signal);
    steps.length = 0;
    const { before, told } = begin(reader, 'search');
    await reader.list(things, `cursor=${encodeURIComponent(next ?? '')}`, signal, before);
    expect(steps).toEqual(['search']);
    expect(await told()).toMatchObject({ after: 'timeout' });
  });

  test('goes on by a cursor that holds nothing as a first page does', async () => {
    const { reader, steps } = await scene();
    const { next } = await reader.list(things, 'limit=1', signal);
    steps.length = 0;
    const { before, told } = begin(reader, 'search');
    await reader.list(things, `cursor=${encodeURIComponent(next ?? '')}`, signal, before);
    expect(steps).toEqual(['wait', 'refresh things', 'search anew']);
    expect(await told()).toMatchObject({ after: 'included' });
  });
});
