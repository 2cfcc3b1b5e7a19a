import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openPool } from '#kernel';
import type { SearchIndex } from '#search';
import { eventually } from '#testing';
import { readGenerations } from '../generations/generation.js';
import { indexName } from '../generations/names.js';
import {
  expectedDocuments,
  gate,
  indexIn,
  openBuilding,
  storedDocuments,
  untilNoMarks,
  type Building,
} from '../testing/building.js';
import { change, orderSearch, orderSearchWithNotes } from '../testing/shop.js';
import { untilKeptUp } from '../testing/writing.js';
import {
  RebuildCancelledError,
  RebuildLeaseLostError,
  RebuildRunningError,
  RebuildVerifyError,
} from './errors.js';
import type { RebuildOptions, RebuildProgress } from './options.js';
import { rebuild } from './rebuild.js';

let world: Building;
let nextVersion = 1;
const version = (): number => nextVersion++;
const order = (id: string, total: number) =>
  change('order', id, version(), {
    customerId: `c${total % 3}`,
    status: 'pending',
    total,
    lines: [{ productId: 'p1', quantity: total }],
  });
const customer = (id: string, name: string) =>
  change('customer', id, version(), { name, note: `note of ${name}` });

const options = (more: Partial<RebuildOptions> = {}): RebuildOptions => ({
  ...world.context,
  plan: orderSearchWithNotes,
  indexPrefix: world.space.indexPrefix,
  holder: 'a spec',
  chunk: 20,
  ...more,
});

/** Orders `o000` to `o<count - 1>` with their partners, indexed by the first generation. */
async function seed(count: number): Promise<void> {
  await world.apply(
    ...['c0', 'c1', 'c2'].map((id) => customer(id, id)),
    change('product', 'p1', version(), { sku: 's1', name: 'Lamp' }),
    ...Array.from({ length: count }, (_, at) => order(`o${String(at).padStart(3, '0')}`, at)),
  );
  await world.ensure(orderSearch);
}

/** The alias serves the new plan's documents, the kept generation the old one's, and both say what the copies say. */
async function expectBothGenerationsRight(): Promise<void> {
  await world.fanOut();
  const builder = world.start();
  await untilNoMarks(world.pool, 20_000);
  await builder.close();
  expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearchWithNotes));
  const previous = await indexIn(world.pool, 'previous');
  await world.index.refresh(previous);
  expect(await storedDocuments(world.index, previous)).toEqual(
    await expectedDocuments(world.pool, orderSearch),
  );
}

beforeAll(async () => {
  world = await openBuilding();
});
afterAll(() => world.dispose());
beforeEach(() => world.empty());

describe('a rebuild', () => {
  it('moves the alias to an index that holds what the copies say, while writers change, delete and create roots', async () => {
    await seed(300);
    const builder = world.start();
    let rounds = 0;
    const stop = new AbortController();
    const writing = (async () => {
      for (; !stop.signal.aborted; rounds++) {
        const id = `o${String((rounds * 37) % 330).padStart(3, '0')}`;
        await world.apply(
          rounds % 5 === 4 ? change('order', id, version(), null) : order(id, 1_000 + rounds),
        );
        if (rounds % 8 === 7) await world.apply(customer(`c${rounds % 3}`, `renamed ${rounds}`));
        await world.fanOut();
        await untilKeptUp(world.pool);
      }
    })();
    const progress: RebuildProgress[] = [];
    const result = await rebuild(options({ onProgress: (event) => void progress.push(event) }));
    await eventually(() => expect(rounds).toBeGreaterThan(20));
    stop.abort();
    await writing;
    await builder.close();

    expect(result.previousIndexName).toBe(indexName(world.space.indexPrefix, orderSearch, 1));
    expect(await world.index.pointsAt(`${world.space.indexPrefix}order-search`)).toBe(result.indexName);
    expect([...new Set(progress.map(({ phase }) => phase))]).toEqual(['scan', 'drain', 'verify', 'swap']);
    await expectBothGenerationsRight();
  }, 60_000);

  it('needs no running projector, and rebuilds a view of unchanged declaration as well', async () => {
    await seed(50);
    await world.apply(order('o001', 77), change('order', 'o002', version(), null));
    const result = await rebuild(options({ plan: orderSearch }));
    expect(result).toMatchObject({ documents: 49, resumed: false, refused: 0 });
    expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearch));
  });

  it('keeps one previous generation and retires the one before', async () => {
    await seed(10);
    const second = await rebuild(options());
    const third = await rebuild(options({ plan: orderSearch }));
    const states = (await readGenerations(world.pool)).map(({ number, state }) => `${number} ${state}`);
    expect(states).toEqual(['2 previous', '3 live']);
    expect(await world.index.exists(indexName(world.space.indexPrefix, orderSearch, 1))).toBe(false);
    expect(third.previousIndexName).toBe(second.indexName);
  });

  it('is refused while another process holds it, with a sentence that says who, since when and how far', async () => {
    await seed(60);
    const held = gate();
    const first = rebuild(options({ holder: 'host a, process 1', index: heldAt('refresh', held.pass) }));
    await held.reached;
    const second = rebuild(options({ holder: 'host b, process 2' }));
    await expect(second).rejects.toThrow(RebuildRunningError);
    await expect(second).rejects.toThrow(/host a, process 1 since .*: phase verify, 60 of 60 roots scanned/);
    held.open();
    await first;
  });

  it('goes on where a killed one was, and repeats at most what was in flight', async () => {
    await seed(200);
    // The process "dies": its connections are cut for good while the seventh chunk is being written.
    const dying = openPool({ connectionString: world.space.databaseUrl('projection'), max: 4 });
    dying.on('error', () => undefined);
    const written: string[] = [];
    const held = gate();
    const index: SearchIndex = {
      ...world.index,
      write: async (operations, deadlineMs) => {
        if (written.length >= 120) await held.pass();
        written.push(...operations.map(({ id }) => id));
        return world.index.write(operations, deadlineMs);
      },
    };
    const killed = rebuild(options({ pool: dying, index, leaseMs: 600 }));
    const failure = expect(killed).rejects.toThrow();
    await held.reached;
    // The other workers are held as well, and what they wrote before is saved.
    await eventually(async () =>
      expect((await world.pool.query('SELECT scanned::int FROM rebuild')).rows).toEqual([{ scanned: 120 }]),
    );
    const ended = dying.end();
    await world.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`,
    );
    held.open();
    await failure;
    await ended;
    expect((await readGenerations(world.pool)).map(({ state }) => state)).toEqual(['live', 'building']);

    await world.apply(order('o005', 4_000), change('order', 'o006', version(), null), order('o900', 1));
    const result = await eventually(() => rebuild(options()), { timeoutMs: 20_000 });
    expect(result.resumed).toBe(true);
    // 200 roots, one of which is gone and one new.
    expect(result.scanned).toBeLessThanOrEqual(80 + 1);
    await expectBothGenerationsRight();
  }, 60_000);

  it('can not be swapped by a holder that slept while another took it over', async () => {
    await seed(40);
    const asleep = gate();
    const pointed: string[] = [];
    const sleeper = rebuild(
      options({
        holder: 'the sleeper',
        index: {
          ...heldAt('refresh', asleep.pass),
          point: (alias, index) => {
            pointed.push(index);
            return world.index.point(alias, index);
          },
        },
      }),
    );
    const refused = expect(sleeper).rejects.toThrow(RebuildLeaseLostError);
    await asleep.reached;
    await world.pool.query(`UPDATE rebuild SET lease_until = now() - interval '1 second'`);
    const result = await rebuild(options({ holder: 'the next one' }));
    expect(result.resumed).toBe(true);
    asleep.open();
    await refused;
    expect(pointed).toEqual([]);
    expect(await world.index.exists(result.indexName)).toBe(true);
    expect(await indexIn(world.pool, 'live')).toBe(result.indexName);
  });

  it('leaves the live generation alone when it is cancelled, and drops its own index', async () => {
    await seed(60);
    const cancel = new AbortController();
    const cancelled = rebuild(
      options({ signal: cancel.signal, onProgress: ({ done }) => (done >= 20 ? cancel.abort() : undefined) }),
    );
    await expect(cancelled).rejects.toThrow(RebuildCancelledError);
    expect((await readGenerations(world.pool)).map(({ number, state }) => `${number} ${state}`)).toEqual([
      '1 live',
    ]);
    expect(await world.index.exists(indexName(world.space.indexPrefix, orderSearchWithNotes, 2))).toBe(false);
    expect((await rebuild(options())).indexName).toBe(
      indexName(world.space.indexPrefix, orderSearchWithNotes, 3),
    );
  });

  it('does not swap in an index that lost a document, even if a stray one makes the counts equal', async () => {
    await seed(60);
    // The index says that it wrote what it did not write, and holds what nobody knows.
    const lying: SearchIndex = {
      ...world.index,
      write: async (operations, deadlineMs) => {
        const kept = operations.filter(({ id }) => id !== 'o007');
        const [first] = operations;
        const extra = {
          kind: 'index',
          index: first?.index ?? '',
          id: 'ghost',
          revision: 1,
          body: '{"id":"ghost"}',
        } as const;
        await world.index.write([...kept, extra], deadlineMs);
        return operations.map(() => ({ kind: 'done' }));
      },
    };
    const failed = rebuild(options({ index: lying }));
    await expect(failed).rejects.toThrow(RebuildVerifyError);
    await expect(failed).rejects.toThrow(/1 root\(s\) differ .* o007/);
    expect((await readGenerations(world.pool)).map(({ state }) => state)).toEqual(['live']);
  });

  it('does not let documents vanish that the new index refuses, unless told to accept it', async () => {
    await seed(30);
    const refusing: SearchIndex = {
      ...world.index,
      write: async (operations, deadlineMs) => {
        const refused = (at: number): boolean =>
          operations[at]?.id === 'o003' && operations[at].index.includes(orderSearchWithNotes.fingerprint);
        const outcomes = await world.index.write(
          operations.filter((_, at) => !refused(at)),
          deadlineMs,
        );
        const left = [...outcomes];
        return operations.map((_, at) =>
          refused(at) ? { kind: 'refused', reason: 'no such field' } : (left.shift() ?? { kind: 'done' }),
        );
      },
    };
    const failed = rebuild(options({ index: refusing }));
    await expect(failed).rejects.toThrow(/o003 would vanish from the view: no such field/);
    const result = await rebuild(options({ index: refusing, acceptRefused: true }));
    expect(result).toMatchObject({ refused: 1, documents: 29 });
  });

  it('puts the alias back before it drops an index that a dying holder had pointed it at', async () => {
    await seed(20);
    const live = await indexIn(world.pool, 'live');
    const alias = `${world.space.indexPrefix}order-search`;
    const cancel = new AbortController();
    const cancelled = rebuild(
      options({
        signal: cancel.signal,
        index: {
          ...world.index,
          refresh: async (name) => {
            await world.index.point(alias, name);
            cancel.abort();
          },
        },
      }),
    );
    await expect(cancelled).rejects.toThrow(RebuildCancelledError);
    expect(await world.index.pointsAt(alias)).toBe(live);
  });
});

/** The world's index with one call that waits first. */
function heldAt(call: 'refresh', wait: () => Promise<void>): SearchIndex {
  return {
    ...world.index,
    [call]: async (name: string) => {
      await wait();
      return world.index[call](name);
    },
  };
}
