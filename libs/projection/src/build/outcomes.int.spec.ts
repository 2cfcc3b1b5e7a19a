import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compile, compute, computesOf, int, view } from '#views';
import type { SearchIndex } from '#search';
import { eventually } from '#testing';
import { listDeadLetters, readDeadLetter } from '../dead-letters/list.js';
import { readGenerations } from '../generations/generation.js';
import { composeRevision, epochOf } from '../revision/revision.js';
import { currentRevision } from '../revision/snapshot.js';
import {
  countMarks,
  expectedDocuments,
  openBuilding,
  untilNoMarks,
  type Building,
} from '../testing/building.js';
import { replacingAnswers, type AnswerRule } from '../testing/replacing-answers.js';
import { change, orderSearch, shop } from '../testing/shop.js';
import type { BuildMetrics } from './metrics.js';

let world: Building;
let nextVersion = 1;
let alarms: string[];
let metrics: BuildMetrics;

const order = (id: string, total: number) =>
  change('order', id, nextVersion++, { customerId: 'c1', status: 'pending', total, lines: [] });

const replacing = (rule: AnswerRule) => replacingAnswers(world.index, rule);

const documentLetters = async () =>
  (await listDeadLetters(world.pool)).filter(({ kind }) => kind === 'document');

beforeAll(async () => {
  world = await openBuilding();
});
afterAll(() => world.dispose());
beforeEach(async () => {
  await world.empty();
  await world.ensure(orderSearch);
  alarms = [];
  metrics = { documents: () => {}, lag: () => {}, alarm: (alarm) => void alarms.push(alarm) };
});

describe('what the index answers', () => {
  it('puts back only the marks of documents that have to be repeated, and builds them from a new snapshot', async () => {
    await world.apply(order('o1', 1), order('o2', 2), order('o3', 3));
    const { index, requests } = replacing(({ id }, request) =>
      id === 'o2' && request === 1 ? { kind: 'retry', reason: 'too busy', alarm: false } : null,
    );
    const builder = world.start({ index, metrics });
    await builder.idle();
    expect(requests.map((request) => request.map(({ id }) => id).sort())).toEqual([
      ['o1', 'o2', 'o3'],
      ['o2'],
    ]);
    const [first, second] = requests.map((request) => request.find(({ id }) => id === 'o2')?.revision ?? 0);
    expect(second).toBeGreaterThan(first ?? Infinity);
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearch));
    expect(alarms).toEqual([]);
  });

  it('counts the attempts and waits longer and longer while the index is away, without spinning', async () => {
    await world.apply(order('o1', 1));
    let away = true;
    const { index, requests } = replacing(() =>
      away ? { kind: 'retry', reason: 'connection lost', alarm: false } : null,
    );
    const builder = world.start({ index, metrics });
    await eventually(async () => {
      const { rows } = await world.pool.query<{ attempts: number }>('SELECT attempts FROM mark');
      expect(rows[0]?.attempts).toBeGreaterThanOrEqual(2);
    });
    expect(requests.length).toBeLessThan(20);
    away = false;
    await untilNoMarks(world.pool, 20_000);
    await builder.close();
    expect((await world.documents()).has('o1')).toBe(true);
  });

  it('alarms when the server refuses for a reason that repeating does not heal, and keeps the mark', async () => {
    await world.apply(order('o1', 1));
    const { index } = replacing(() => ({ kind: 'retry', reason: 'security_exception: no', alarm: true }));
    const builder = world.start({ index, metrics });
    await eventually(() => expect(alarms).toContain('write_refused_by_server'));
    await builder.close();
    expect(await countMarks(world.pool)).toBe(1);
  });

  it('keeps a refused document as one dead letter, whatever else of it is refused, and heals it by the next good one', async () => {
    let refuse = true;
    const { index } = replacing(({ id }) =>
      id === 'o2' && refuse ? { kind: 'refused', reason: 'no such field' } : null,
    );
    const builder = world.start({ index, metrics });
    for (const total of [1, 2]) {
      await world.apply(order('o1', total), order('o2', total));
      await builder.idle();
    }
    const letters = await documentLetters();
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({ view: 'order-search', rootId: 'o2', reason: 'no such field' });
    const whole = await readDeadLetter(world.pool, letters[0]?.id ?? 0);
    expect(JSON.parse(whole?.body?.toString() ?? 'null')).toMatchObject({ id: 'o2', total: 2 });
    expect([...(await world.documents()).keys()]).toEqual(['o1']);

    refuse = false;
    await world.apply(order('o2', 3));
    await builder.idle();
    expect(await documentLetters()).toEqual([]);
    await builder.close();
  });

  it('sends what is too large in parts, and parks the document that is too large alone', async () => {
    await world.apply(...Array.from({ length: 9 }, (_, at) => order(`o${at}`, at)));
    let size = 0;
    const { index } = replacing(({ id }) =>
      size > 2 || id === 'o4' ? { kind: 'too_large', reason: '413' } : null,
    );
    const sized: SearchIndex = {
      ...index,
      write: (operations, deadlineMs) => {
        size = operations.length;
        return index.write(operations, deadlineMs);
      },
    };
    const builder = world.start({ index: sized, metrics });
    await builder.idle();
    await builder.close();
    expect((await world.documents()).size).toBe(8);
    expect((await documentLetters()).map(({ rootId }) => rootId)).toEqual(['o4']);
  });

  it('raises the epoch above a revision from the future, and builds every root above it', async () => {
    const builder = world.start({ metrics });
    await world.apply(order('o1', 1), order('o2', 2));
    await builder.idle();
    // As if the database had been restored to an older state: the index knows a revision that it never gave out.
    const future = composeRevision(4, 123);
    const name = (await readGenerations(world.pool))[0]?.indexName ?? '';
    const [outcome] = await world.index.write(
      [{ kind: 'index', index: name, id: 'o1', revision: future, body: '{"id":"o1","total":99}' }],
      10_000,
    );
    expect(outcome).toEqual({ kind: 'done' });
    await world.apply(order('o1', 3));
    await builder.idle();
    await builder.close();
    expect(alarms).toEqual(['revision_ahead']);
    expect(epochOf(await currentRevision(world.pool))).toBe(5);
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearch));
  });
});

describe('a revision at the end of the range', () => {
  it('alarms, and leaves the epoch where it can be raised again', async () => {
    const builder = world.start({ metrics });
    await world.apply(order('o1', 1), order('o2', 2));
    await builder.idle();
    const before = epochOf(await currentRevision(world.pool));
    const name = (await readGenerations(world.pool))[0]?.indexName ?? '';
    const revision = Number.MAX_SAFE_INTEGER;
    await world.index.write(
      [{ kind: 'index', index: name, id: 'o1', revision, body: '{"id":"o1"}' }],
      10_000,
    );
    await world.apply(order('o1', 3), order('o2', 4));
    await builder.idle();
    await builder.close();
    expect(alarms).toEqual(['revision_ahead']);
    expect(epochOf(await currentRevision(world.pool))).toBe(before);
    expect((await world.documents()).get('o2')).toMatchObject({ total: 4 });
  });
});

describe('what a process can not run', () => {
  const doubled = view('order-doubled', shop.order, (o) => ({
    twice: compute(int(), [o.total], (total) => {
      if (total === 13) throw new Error('unlucky');
      return total * 2;
    }),
  }));
  const plan = compile(doubled);

  it('leaves the marks of a view to a process that has its functions', async () => {
    await world.ensure(plan);
    const without = world.start({ metrics });
    await world.apply(order('o1', 4));
    await without.idle();
    expect(await countMarks(world.pool)).toBe(1);
    const having = world.start({ metrics, computes: computesOf(doubled) });
    await having.idle();
    expect(await countMarks(world.pool)).toBe(0);
    expect((await world.documents('order-doubled')).get('o1')).toEqual({ id: 'o1', twice: 8 });
    await Promise.all([without.close(), having.close()]);
  });

  it('parks the root that a function fails on, and builds its neighbours', async () => {
    await world.ensure(plan);
    const builder = world.start({ metrics, computes: computesOf(doubled) });
    await world.apply(order('o12', 12), order('o13', 13), order('o14', 14));
    await builder.idle();
    await builder.close();
    expect([...(await world.documents('order-doubled')).keys()]).toEqual(['o12', 'o14']);
    const letters = await documentLetters();
    expect(letters.map(({ rootId, reason }) => [rootId, reason])).toEqual([
      ['o13', expect.stringContaining('unlucky')],
    ]);
  });
});
