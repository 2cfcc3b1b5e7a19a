import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '#search';
import { eventually, startPrivateElasticsearch, type PrivateServer } from '#testing';
import { readGenerations, type Generation } from '../generations/generation.js';
import { expectedDocuments, openBuilding, untilNoMarks, type Building } from '../testing/building.js';
import { change, orderSearch } from '../testing/shop.js';
import { verifyDocuments, type Verified } from '../verify/verify-documents.js';
import { repairDocuments } from './repair-documents.js';

/**
 * What Elasticsearch does to an index that nobody of Prejoin asked for (design rule 9), on a server of its own. After
 * each, the view is right by itself, or verification finds what is not and repair mends it.
 */
describe('after', () => {
  let server: PrivateServer;
  let world: Building;
  let live: Generation;
  let versions = 0;

  beforeAll(async () => {
    server = await startPrivateElasticsearch();
    world = await openBuilding({ elasticsearchUrl: server.url });
    await world.apply(change('customer', 'c1', ++versions, { name: 'Ann', note: null }));
    await world.ensure(orderSearch);
    live = (await readGenerations(world.pool))[0] as Generation;
  }, 180_000);
  afterAll(async () => {
    await world.dispose();
    await server.dispose();
  }, 60_000);
  // Twenty orders, whatever the test before has left.
  beforeEach(async () => {
    await world.apply(...ids(0, 20).map((id) => order(id, 1)), order('new', null));
    await built();
  });

  const ids = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, at) => `o${from + at}`);
  const order = (id: string, total: number | null) =>
    change(
      'order',
      id,
      ++versions,
      total === null ? null : { customerId: 'c1', status: 'pending', total, lines: [] },
    );

  async function built(): Promise<void> {
    const builder = world.start({ restMs: 0 });
    await untilNoMarks(world.pool, 60_000);
    await builder.close();
  }
  async function ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${server.url}/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return JSON.parse(text) as Record<string, unknown>;
  }
  const verify = (): Promise<Verified> =>
    verifyDocuments({ ...world.context, settleMs: 20_000, stallMs: 300 }, live);
  const isClean = async (): Promise<void> => {
    expect(await verify()).toMatchObject({ verdict: 'equal', documents: 20 });
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearch));
  };
  /** Ten orders change, one goes and one comes, while nothing can be written; `end` makes it possible again. */
  async function changeMeanwhile(end: () => Promise<unknown>): Promise<void> {
    const builder = world.start({ restMs: 0 });
    try {
      await world.apply(...ids(0, 10).map((id) => order(id, 2)), order('o10', null), order('new', 3));
      await eventually(async () => {
        const { rows } = await world.pool.query<{ tried: number }>(
          `SELECT greatest((SELECT max(attempts) FROM mark),
                           (SELECT count(*) FROM generation WHERE stopped IS NOT NULL)) AS tried`,
        );
        expect(Number(rows[0]?.tried)).toBeGreaterThan(0);
      });
      await end();
      await untilNoMarks(world.pool, 60_000);
      await eventually(async () =>
        expect((await readGenerations(world.pool)).filter(({ stopped }) => stopped !== null)).toEqual([]),
      );
      await untilNoMarks(world.pool, 60_000);
    } finally {
      await builder.close();
    }
  }
  const opened = (): Promise<unknown> => ask('POST', `${live.indexName}/_open?wait_for_active_shards=1`);

  it('an index was closed and opened again, the view is right', async () => {
    await ask('POST', `${live.indexName}/_close`);
    await changeMeanwhile(opened);
    await isClean();
  }, 90_000);

  it('writes were blocked, the view is right', async () => {
    const block = (on: boolean) =>
      ask('PUT', `${live.indexName}/_settings`, { index: { 'blocks.write': on } });
    await block(true);
    await changeMeanwhile(() => block(false));
    await isClean();
  }, 90_000);

  it('the flood stage of a full disk, the view is right once there is room', async () => {
    const room = (watermarks: object | null) => {
      const disk = 'cluster.routing.allocation.disk';
      const values = watermarks ?? { low: null, high: null, flood_stage: null };
      return ask('PUT', '_cluster/settings', {
        persistent: {
          [`${disk}.threshold_enabled`]: watermarks === null ? null : true,
          ...Object.fromEntries(Object.entries(values).map(([at, of]) => [`${disk}.watermark.${at}`, of])),
          'cluster.info.update.interval': watermarks === null ? null : '10s',
        },
      });
    };
    const isReadOnly = async (): Promise<boolean> => {
      const settings = JSON.stringify(await ask('GET', `${live.indexName}/_settings?flat_settings=true`));
      return settings.includes('"index.blocks.read_only_allow_delete":"true"');
    };
    // No disk has as much free: the server finds itself beyond its last watermark.
    await room({ low: '900000gb', high: '800000gb', flood_stage: '700000gb' });
    await eventually(async () => expect(await isReadOnly()).toBe(true), { timeoutMs: 60_000 });
    // With room again the server takes its block away at its next look.
    await changeMeanwhile(() => room({ low: '3kb', high: '2kb', flood_stage: '1kb' }));
    expect(await isReadOnly()).toBe(false);
    await room(null);
    await isClean();
  }, 180_000);

  // A server that is killed keeps the tombstones that its log still holds; one that closes an index, or stops, keeps none.
  it('the tombstones of an index were lost, a write that was late is found as extra, and goes', async () => {
    const before = await world.index.get(live.indexName, 'o3', { deadlineMs: 10_000 });
    if (before === null) throw new Error('o3 has no document');
    const { id, source: body, revision } = before;
    const late = [{ kind: 'index' as const, index: live.indexName, id, revision, body }];
    await world.apply(order('o3', null));
    await built();
    expect(await world.index.write(late, 10_000)).toMatchObject([{ kind: 'superseded' }]);
    await ask('POST', `${live.indexName}/_close`);
    await opened();
    expect(await world.index.write(late, 10_000)).toEqual([{ kind: 'done' }]);

    const found = await verify();
    expect(found).toMatchObject({ verdict: 'different', counts: { extra: 1 } });
    const wrong = found.differences.map((one) => one.id);
    expect(wrong).toEqual(['o3']);
    const mended = await repairDocuments(world.context, live, wrong);
    expect(mended).toMatchObject({ repaired: [{ id: 'o3', kind: 'extra' }], left: [] });
    expect(await verify()).toMatchObject({ verdict: 'equal', documents: 19 });
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearch));
  }, 90_000);

  it('bulks that were applied and never answered, the view is right', async () => {
    let unanswered = 0;
    const silent: SearchIndex = {
      ...world.index,
      write: async (operations, deadlineMs) => {
        const outcomes = await world.index.write(operations, deadlineMs);
        if (operations.length === 0 || unanswered >= 3) return outcomes;
        unanswered += 1;
        return operations.map(() => ({ kind: 'retry', reason: 'no answer in time', alarm: false }));
      },
    };
    const builder = world.start({ restMs: 0, index: silent, batch: 4 });
    await world.apply(...ids(0, 10).map((id) => order(id, 2)), order('o10', null), order('new', 3));
    await untilNoMarks(world.pool, 60_000);
    await builder.close();
    expect(unanswered).toBe(3);
    await isClean();
  }, 90_000);
});
