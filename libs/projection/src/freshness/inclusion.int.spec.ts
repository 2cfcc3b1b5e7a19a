import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import type { Write } from '#kernel';
import { insertAgain, putBack, type Mark } from '../build/claim.js';
import { emptyLetter, insertDeadLetters } from '../dead-letters/dead-letters.js';
import type { ProjectionDatabase } from '../testing/database.js';
import { interceptedPool } from '../testing/intercepted-pool.js';
import { change, clearQueues, withOpenTransaction } from '../testing/shop.js';
import { build, claim, openInclusionScene, order, type InclusionScene } from './testing/scene.js';

let scene: InclusionScene;
let db: ProjectionDatabase;
let pool: pg.Pool;
/** Of what a test writes, higher with each of them. */
let version = 1;

beforeAll(async () => {
  scene = await openInclusionScene();
  ({ db, pool } = scene);
});
afterAll(() => db.space.dispose());
beforeEach(async () => {
  version += 1;
  scene.watchThrough(pool);
  await clearQueues(pool);
});
afterEach(() => expect(scene.faults.splice(0)).toEqual([]));

const rename = (id: string) => db.apply(change('customer', id, version, { name: `${id} ${version}` }));
const write = (source: string, id: string, more: Partial<Write> = {}): Write => ({
  source,
  id,
  epoch: 0,
  version,
  ...more,
});

describe('the wait for a write', () => {
  it.each([
    ['its document', { rootId: 'o1' }],
    ['any document', {}],
  ])('to %s ends when it is applied and built, and not before', async (_, asked) => {
    const writes = [write('order', 'o1')];
    expect(await scene.soon(writes, asked)).toBe('timeout');
    await db.apply(order('o1', version, 'c1'));
    expect(await scene.soon(writes, asked)).toBe('timeout');
    const waiting = scene.ask(writes, asked);
    await build(pool);
    expect(await waiting).toBe('included');
  });

  it('goes on through every step while it is waiting', async () => {
    const waiting = Promise.all([
      scene.ask([write('customer', 'c1')], { rootId: 'o1' }),
      scene.ask([write('customer', 'c1')]),
      scene.ask([write('customer', 'c1')], { view: 'customer-overview' }),
      scene.ask([write('customer', 'c1'), write('order', 'o1')], { rootId: 'o2' }),
    ]);
    await rename('c1');
    await db.apply(order('o1', version, 'c1'));
    await db.fanOut();
    await build(pool);
    expect(await waiting).toEqual(['included', 'included', 'included', 'included']);
  });

  it('sees through the change of another aggregate: while its key waits, and while the marks of that do', async () => {
    await rename('c1');
    const writes = [write('customer', 'c1')];
    expect(await Promise.all([scene.soon(writes), scene.soon(writes, { rootId: 'o1' })])).toEqual([
      'timeout',
      'timeout',
    ]);
    // Another customer's order is none of its documents.
    expect(await scene.ask(writes, { rootId: 'other' })).toBe('included');
    await db.fanOut();
    expect(await Promise.all([scene.soon(writes), scene.soon(writes, { rootId: 'o1' })])).toEqual([
      'timeout',
      'timeout',
    ]);
    await build(pool);
    expect(await Promise.all([scene.ask(writes), scene.ask(writes, { rootId: 'o1' })])).toEqual([
      'included',
      'included',
    ]);
  });

  it('does not end while a mark is claimed and its transaction is open', async () => {
    await db.apply(order('o1', version, 'c1'));
    const writes = [write('order', 'o1')];
    await withOpenTransaction(pool, async (client) => {
      expect(await claim(client, 'direct')).not.toEqual([]);
      expect(await Promise.all([scene.soon(writes), scene.soon(writes, { rootId: 'o1' })])).toEqual([
        'timeout',
        'timeout',
      ]);
      await client.query('COMMIT');
    });
    expect(await Promise.all([scene.ask(writes), scene.ask(writes, { rootId: 'o1' })])).toEqual([
      'included',
      'included',
    ]);
  });

  it.each([
    [
      'was put back after a fault',
      (client: pg.PoolClient, marks: readonly Mark[]) => putBack(client, marks, 'attempt'),
    ],
    [
      'rests',
      (client: pg.PoolClient, marks: readonly Mark[]) =>
        insertAgain(
          client,
          marks,
          marks.map(() => 60_000),
        ),
    ],
  ])('does not end while its document %s, which holds up no other', async (_, back) => {
    await db.apply(order('o1', version, 'c1'));
    await build(pool, back);
    await pool.query(`UPDATE mark SET due_at = now() + interval '1 hour'`);
    const writes = [write('order', 'o1')];
    expect(await Promise.all([scene.soon(writes), scene.soon(writes, { rootId: 'o1' })])).toEqual([
      'timeout',
      'timeout',
    ]);
    await db.apply(order('o2', version, 'c1'));
    // What is not due is not claimed.
    await build(pool);
    const others = [write('order', 'o2')];
    expect(await Promise.all([scene.ask(others), scene.ask(others, { rootId: 'o2' })])).toEqual([
      'included',
      'included',
    ]);
    // The customer of both is seen only when the one that waits is built.
    await rename('c1');
    await db.fanOut();
    await build(pool);
    expect(await scene.soon([write('customer', 'c1')])).toBe('timeout');
    expect(await scene.ask([write('customer', 'c1')], { rootId: 'o2' })).toBe('included');
    await pool.query('UPDATE mark SET due_at = now()');
    await build(pool);
    expect(await scene.ask([...writes, write('customer', 'c1')])).toBe('included');
  });

  it('sees the documents that a row left, as those that it came to', async () => {
    await db.apply(order('o3', version, 'c2'));
    const writes = [write('order', 'o3')];
    for (const rootId of ['c1', 'c2'])
      expect(await scene.soon(writes, { view: 'customer-overview', rootId })).toBe('timeout');
    expect(await scene.soon(writes, { view: 'customer-overview' })).toBe('timeout');
    await build(pool);
    for (const rootId of ['c1', 'c2'])
      expect(await scene.ask(writes, { view: 'customer-overview', rootId })).toBe('included');
    expect(await scene.ask(writes, { view: 'customer-overview' })).toBe('included');
    await db.apply(order('o3', (version += 1), 'c1'));
  });

  it.each([
    ['the document', 'order', 'gone'],
    ['a part of it', 'payment', 'gone-payment'],
  ])('ends when a deletion of %s is built', async (_, source, id) => {
    await db.apply(
      order('gone', version, 'c1'),
      change('payment', 'gone-payment', version, { orderId: 'gone', status: 'due' }),
    );
    await build(pool);
    version += 1;
    await db.apply(change(source, id, version, null));
    const writes = [write(source, id)];
    expect(await scene.soon(writes)).toBe('timeout');
    expect(await scene.soon(writes, { rootId: 'gone' })).toBe('timeout');
    await db.fanOut();
    await build(pool);
    expect(await scene.ask(writes)).toBe('included');
    expect(await scene.ask(writes, { rootId: 'gone' })).toBe('included');
  });

  it('takes a later version for it, and a later epoch for every version of an earlier one', async () => {
    await db.apply(order('o1', (version += 10), 'c1'));
    await build(pool);
    expect(await scene.ask([write('order', 'o1', { version: 2 })])).toBe('included');
    expect(await scene.soon([write('order', 'o1', { version: version + 1 })])).toBe('timeout');
    expect(await scene.soon([write('order', 'o1', { epoch: 1, version: 1 })])).toBe('timeout');
    const state = { customerId: 'c1', status: 'pending', total: 1, lines: [] };
    await db.apply(change('order', 'restored', 1, state, { epoch: 1 }));
    await build(pool);
    expect(await scene.ask([write('order', 'restored', { version: 9 })])).toBe('included');
    expect(await scene.ask([write('order', 'restored', { epoch: 1, version: 1 })])).toBe('included');
  });

  it('asks nothing of a view that does not use the source, nor of a source that nobody knows', async () => {
    const unused = [write('payment', 'm1'), write('unheard-of', 'x')];
    expect(await scene.ask(unused, { view: 'customer-overview' })).toBe('included');
    expect(await scene.soon(unused)).toBe('timeout');
    expect(await scene.soon([write('order', 'o1')], { view: 'no-such-view' })).toBe('timeout');
  });

  it('does not wait for marks of other views', async () => {
    await rename('c1');
    await db.fanOut();
    await pool.query(`DELETE FROM mark WHERE view = 'order-search'`);
    expect(await scene.ask([write('customer', 'c1')])).toBe('included');
    expect(await scene.soon([write('customer', 'c1')], { view: 'customer-overview' })).toBe('timeout');
  });

  it('waits for the live generation and for the one that may become it, and for no former one', async () => {
    const [former, next] = [
      await scene.addGeneration(0, 'previous'),
      await scene.addGeneration(2, 'building'),
    ];
    const writes = [write('order', 'o1')];
    await db.apply(order('o1', version, 'c1'));
    const leftFor = (index: string) => pool.query('UPDATE mark SET index_name = $1', [index]);
    await leftFor(former);
    expect(await Promise.all([scene.ask(writes), scene.ask(writes, { rootId: 'o1' })])).toEqual([
      'included',
      'included',
    ]);
    for (const index of [next, 'order-search.1']) {
      await leftFor(index);
      expect(await Promise.all([scene.soon(writes), scene.soon(writes, { rootId: 'o1' })])).toEqual([
        'timeout',
        'timeout',
      ]);
    }
    await pool.query(`DELETE FROM generation WHERE index_name = ANY($1)`, [[former, next]]);
  });

  it('does not take a document for built that the index refused, or whose index is not written to', async () => {
    const writes = [write('order', 'o1')];
    await db.apply(order('o1', version, 'c1'));
    await build(pool, (client) =>
      insertDeadLetters(client, [
        {
          ...emptyLetter,
          kind: 'document',
          reason: 'too many fields',
          view: 'order-search',
          rootId: 'o1',
          indexName: 'order-search.1',
        },
      ]),
    );
    expect(await Promise.all([scene.soon(writes), scene.soon(writes, { rootId: 'o1' })])).toEqual([
      'timeout',
      'timeout',
    ]);
    await rename('c1');
    await db.fanOut();
    await build(pool);
    expect(await scene.soon([write('customer', 'c1')])).toBe('timeout');
    expect(await scene.ask([write('customer', 'c1')], { rootId: 'o2' })).toBe('included');
    await pool.query('DELETE FROM dead_letter');
    await pool.query(`UPDATE generation SET stopped = 'closed' WHERE view = 'order-search'`);
    expect(await Promise.all([scene.soon(writes), scene.soon(writes, { rootId: 'o1' })])).toEqual([
      'timeout',
      'timeout',
    ]);
    await pool.query(`UPDATE generation SET stopped = NULL WHERE view = 'order-search'`);
    expect(await scene.ask(writes)).toBe('included');
  });
});

describe('a document that a late builder left to another', () => {
  const late = () => [write('order', 'o1')];

  /** Runs these before the first, the second, … statement that has the text in it. */
  const watchWith = (text: string, ...works: readonly (() => unknown)[]): void => {
    const left = [...works];
    const intercepted = interceptedPool(pool, async (sql) => {
      if (sql.includes(text)) await left.shift()?.();
    });
    scene.watchThrough(intercepted);
  };

  it('is included when the other has its answer: for one document by what is confirmed of it', async () => {
    await db.apply(order('o1', version, 'c1'));
    await build(pool);
    await pool.query(
      `INSERT INTO document (index_name, root_id, revision, hash, confirmed)
       VALUES ('order-search.1', 'o1', 1, 'hash', false)`,
    );
    // Nobody holds a mark: this is what is left of a document that was deleted, or whose note was lost.
    expect(await scene.ask(late(), { rootId: 'o1' })).toBe('included');
    // The other's mark is newer than all that is waited for.
    const markLater = () => pool.query(`INSERT INTO mark (view, root_id) VALUES ('order-search', 'o1')`);
    watchWith('NOT confirmed', markLater);
    expect(await scene.soon(late(), { rootId: 'o1', waitMs: 500 })).toBe('timeout');
    await clearQueues(pool);
    await pool.query('UPDATE document SET confirmed = true');
    watchWith('NOT confirmed', markLater);
    expect(await scene.ask(late(), { rootId: 'o1' })).toBe('included');
    await pool.query('DELETE FROM document');
  });

  const markBulk = (rootId: string) =>
    pool.query(`INSERT INTO mark (view, root_id, priority) VALUES ('order-search', $1, 1)`, [rootId]);

  it('is included for any document when all are through that held a claim, whatever its marks', async () => {
    await markBulk('other');
    await withOpenTransaction(pool, async (other) => {
      expect(await claim(other, 'bulk')).not.toEqual([]);
      await db.apply(order('o1', version, 'c1'));
      await build(pool);
      expect(await scene.soon(late())).toBe('timeout');
      expect(await scene.ask(late(), { rootId: 'o1' })).toBe('included');
      await other.query('COMMIT');
    });
    expect(await scene.ask(late())).toBe('included');
  });

  it('is not included for any document when whoever held a claim was rolled back, until its marks are built', async () => {
    await db.apply(order('o1', version, 'c1'));
    await build(pool);
    await withOpenTransaction(pool, async (other) => {
      const waited = Promise.withResolvers<void>();
      // The claim of the other begins when nothing else is left.
      const claimed = async (): Promise<void> => {
        await markBulk('o1');
        await other.query('COMMIT; BEGIN');
        expect(await claim(other, 'bulk')).not.toEqual([]);
      };
      watchWith('pg_locks', claimed, waited.resolve);
      const waiting = scene.ask(late(), { waitMs: 1_500 });
      await waited.promise;
      await other.query('ROLLBACK');
      expect(await waiting).toBe('timeout');
    });
    await build(pool);
    expect(await scene.ask(late())).toBe('included');
  });
});
