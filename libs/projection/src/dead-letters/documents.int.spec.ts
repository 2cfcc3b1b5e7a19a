import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#kernel';
import { openBuilding, type Building } from '../testing/building.js';
import { replacingAnswers } from '../testing/replacing-answers.js';
import { change, markedRoots, orderSearch } from '../testing/shop.js';
import type { Builder } from '../build/builder.js';
import { discardDeadLetters } from './discard.js';
import { listDeadLetters } from './list.js';
import { retryDeadLetters } from './retry.js';

describe('the dead letters of documents', () => {
  let world: Building;
  let builder: Builder;
  let version = 0;
  let refused: Set<string>;

  beforeAll(async () => {
    world = await openBuilding();
  });
  afterAll(() => world.dispose());
  beforeEach(async () => {
    await world.empty();
    await world.ensure(orderSearch);
    refused = new Set();
    const { index } = replacingAnswers(world.index, ({ id }) =>
      refused.has(id) ? { kind: 'refused', reason: 'no such field' } : null,
    );
    builder = world.start({ index });
  });

  const build = async (id: string, total: number): Promise<void> => {
    version += 1;
    await world.apply(
      change('order', id, version, { customerId: 'c1', status: 'pending', total, lines: [] }),
    );
    await builder.idle();
  };
  const retry = (wait: boolean, begins = () => builder.wake()) =>
    retryDeadLetters({
      pool: world.pool,
      sources: new Map(),
      filter: { states: ['open'] },
      logger: silentLogger,
      wait: wait ? { begins } : undefined,
    });
  const states = async (): Promise<readonly string[]> =>
    (await listDeadLetters(world.pool, {})).map(({ rootId, state }) => `${rootId} ${state}`);
  const discard = () => discardDeadLetters({ pool: world.pool, filter: {}, lastId: 1_000 });

  it('are retried by a mark, and healed when the document is indexed', async () => {
    refused.add('o1').add('o2');
    await build('o1', 1);
    await build('o2', 1);
    refused.delete('o1');
    expect(await retry(true)).toMatchObject({ healed: 1, queued: 0, refused: 1, complete: true });
    expect(await states()).toEqual(['o1 healed', 'o2 open']);
    expect([...(await world.documents()).keys()]).toEqual(['o1']);
  });

  it('are only queued unless the answer is waited for, and running it again does no harm', async () => {
    refused.add('o1');
    await build('o1', 1);
    await builder.close();
    expect(await retry(false)).toMatchObject({ healed: 0, queued: 1, refused: 0 });
    expect(await retry(false)).toMatchObject({ queued: 1 });
    expect(await markedRoots(world.pool)).toEqual(['o1']);
    refused.delete('o1');
    builder = world.start();
    await builder.idle();
    expect(await states()).toEqual(['o1 healed']);
  });

  it('are counted as refused when the document is refused with other content by now', async () => {
    refused.add('o1');
    await build('o1', 1);
    await builder.close();
    await world.pool.query(
      `UPDATE copy_order SET data = jsonb_set(data::jsonb, '{total}', '2')::json WHERE id = 'o1'`,
    );
    const { index } = replacingAnswers(world.index, () => ({
      kind: 'refused',
      reason: 'still no such field',
    }));
    // Built while the retry waits, so that it has seen the letter of before.
    const result = await retry(true, () => void world.start({ index }));
    expect(result).toMatchObject({ healed: 0, refused: 1 });
    expect([...result.reasons.keys()]).toEqual(['still no such field']);
    expect(await states()).toEqual(['o1 healed', 'o1 open']);
  });

  it('are closed by a retry when their index is retired', async () => {
    refused.add('o1');
    await build('o1', 1);
    await builder.close();
    await world.pool.query(`UPDATE generation SET state = 'retired'`);
    expect(await retry(true)).toMatchObject({ healed: 1, queued: 0 });
    expect(await markedRoots(world.pool)).toEqual([]);
  });

  it('stay discarded while the same document is refused again, and show when it has other content', async () => {
    refused.add('o1');
    await build('o1', 1);
    await discard();
    // A change that leaves the document equal would mark nothing.
    await world.pool.query(`INSERT INTO mark (view, root_id) VALUES ('order-search', 'o1')`);
    await builder.idle();
    expect(await states()).toEqual(['o1 discarded']);
    await build('o1', 2);
    expect(await states()).toEqual(['o1 healed', 'o1 open']);
  });

  it('show again when a document that was good in between is refused as the discarded one was', async () => {
    refused.add('o1');
    await build('o1', 1);
    await discard();
    refused.clear();
    await build('o1', 2);
    expect(await states()).toEqual(['o1 healed']);
    refused.add('o1');
    await build('o1', 1);
    expect(await states()).toEqual(['o1 open']);
    expect(await world.documents()).toEqual(new Map([['o1', expect.objectContaining({ total: 2 })]]));
  });
});
