import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import type pg from 'pg';
import { openPool, type Write } from '#kernel';
import { runFanOutChunk, type FanOutOptions } from '../fan-out/run-fan-out.js';
import { inTransaction } from '../schema/transaction.js';
import type { ProjectionDatabase } from '../testing/database.js';
import { change, clearQueues } from '../testing/shop.js';
import { InclusionWatch } from './inclusion.js';
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

describe('a wide change', () => {
  const roots = Array.from({ length: 12 }, (_, at) => `wide${String(at).padStart(2, '0')}`);
  const sizes: FanOutOptions = { chunk: 5, listChunk: 5 };
  const chunk = (take: 'fresh' | 'jobs') => runFanOutChunk(pool, { ...sizes, take });
  beforeAll(() => db.apply(...roots.map((id) => order(id, 1, 'wide', 'p2'))));

  it('is waited for until its last document is built, and for one document until that one is', async () => {
    await rename('wide');
    const writes = [write('customer', 'wide')];
    await chunk('fresh');
    expect(await scene.soon(writes, { rootId: 'wide00' })).toBe('timeout');
    await chunk('jobs');
    expect(await scene.soon(writes, { rootId: 'wide00' })).toBe('timeout');
    await build(pool);
    expect(await scene.ask(writes, { rootId: 'wide00' })).toBe('included');
    expect(await scene.soon(writes, { rootId: 'wide11' })).toBe('timeout');
    expect(await scene.soon(writes)).toBe('timeout');
    await chunk('jobs');
    await chunk('jobs');
    expect(await scene.soon(writes, { rootId: 'wide11' })).toBe('timeout');
    expect(await scene.soon(writes)).toBe('timeout');
    await build(pool);
    expect(await scene.ask(writes, { rootId: 'wide11' })).toBe('included');
    expect(await scene.ask(writes)).toBe('included');
  });

  it('that goes round once more is waited for again, also by a document that it has passed', async () => {
    await rename('wide');
    await chunk('fresh');
    await chunk('jobs');
    version += 1;
    await rename('wide');
    await chunk('fresh');
    await build(pool);
    const writes = [write('customer', 'wide')];
    for (const rootId of ['wide00', 'wide11']) expect(await scene.soon(writes, { rootId })).toBe('timeout');
    await db.fanOut(sizes);
    await build(pool);
    for (const rootId of ['wide00', 'wide11']) expect(await scene.ask(writes, { rootId })).toBe('included');
  });

  it('of another key holds up nobody, neither as a job nor by its marks', async () => {
    await rename('wide');
    await chunk('fresh');
    await chunk('jobs');
    await db.apply(order('o1', version, 'c1'));
    await inTransaction(pool, (client) => claim(client, 'direct'));
    const writes = [write('order', 'o1')];
    expect(await Promise.all([scene.ask(writes), scene.ask(writes, { rootId: 'o1' })])).toEqual([
      'included',
      'included',
    ]);
    await rename('c1');
    await runFanOutChunk(pool, { take: 'fresh' });
    await inTransaction(pool, (client) => claim(client, 'direct'));
    expect(await scene.ask([write('customer', 'c1')])).toBe('included');
  });

  it('whose look-up fails again and again holds up only those whose key it is', async () => {
    await rename('wide');
    await pool.query(`UPDATE fan_out SET attempts = 3, due_at = now() + interval '1 hour'`);
    await pool.query(`DELETE FROM mark`);
    expect(await scene.ask([write('customer', 'c1', { version: 1 })])).toBe('included');
    expect(await scene.soon([write('customer', 'wide')])).toBe('timeout');
    expect(await scene.soon([write('customer', 'wide')], { rootId: 'wide00' })).toBe('timeout');
  });
});

describe('many who wait', () => {
  it('are all answered over four connections, as soon as their writes are there', async () => {
    const many = Array.from({ length: 200 }, (_, at) => `many${at}`);
    const waiting = Promise.all(
      many.map((id, at) => scene.ask([write('order', id)], at % 2 === 0 ? { rootId: id } : {})),
    );
    await db.apply(...many.map((id) => order(id, version, 'c1')));
    await build(pool);
    const builtAt = performance.now();
    expect(new Set(await waiting)).toEqual(new Set(['included']));
    expect(performance.now() - builtAt).toBeLessThan(3_000);
  });

  it('give up when their caller goes away', async () => {
    const gone = new AbortController();
    const waiting = new InclusionWatch({ pool }).untilIncluded({
      view: 'order-search',
      writes: [write('order', 'o1')],
      rootId: null,
      deadlineAt: performance.now() + 60_000,
      signal: gone.signal,
    });
    gone.abort();
    expect(await waiting).toBe('timeout');
  });
});

describe('a database that is away', () => {
  const waitOn = async (connectionString: string): Promise<number> => {
    const away = openPool({ connectionString, max: 1, connectionTimeoutMillis: 500 });
    const watch = new InclusionWatch({ pool: away });
    const { signal } = new AbortController();
    const begunAt = performance.now();
    const asked = { view: 'order-search', writes: [write('order', 'o1')], rootId: null, signal };
    expect(await watch.untilIncluded({ ...asked, deadlineAt: begunAt + 150 })).toBe('timeout');
    const tookMs = performance.now() - begunAt;
    await away.end();
    return tookMs;
  };

  it('or does not answer makes a wait end in its time', async () => {
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await waitOn(`postgres://x@127.0.0.1:${port}/x`)).toBeLessThan(1_000);
    await new Promise((resolve) => silent.close(resolve));
    expect(await waitOn(`postgres://x@127.0.0.1:${port}/x`)).toBeLessThan(1_000);
  });
});
