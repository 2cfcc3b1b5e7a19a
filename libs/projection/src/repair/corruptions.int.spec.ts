import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compile, computesOf, describe as describeSource } from '#views';
import type { Change } from '../apply/change.js';
import { buildRoots } from '../build/build-roots.js';
import { readGenerations, type Generation } from '../generations/generation.js';
import { openBuilding, untilNoMarks, type Building } from '../testing/building.js';
import { orderBook, orderBookSources } from '../testing/order-book.js';
import { seededId, seedOrders } from '../testing/seed-orders.js';
import { change } from '../testing/shop.js';
import { plainIndex, type PlainIndex } from '../testing/plain-index.js';
import { verifyDocuments, type Verified } from '../verify/verify-documents.js';
import { repairDocuments } from './repair-documents.js';

/** Spread over what is built in seconds; the whole proof: CORRUPTION_ORDERS=50000 CORRUPTIONS=1000 */
const ORDERS = Number(process.env['CORRUPTION_ORDERS'] ?? 4_000);
const OF_EACH = Number(process.env['CORRUPTIONS'] ?? 200) / 5;
const CUSTOMERS = Math.ceil(ORDERS / 10);
/** Writers keep to every tenth order and to customers of such orders: a build would mend what is planted. */
const isWritten = (n: number): boolean => n % 10 === 0;

let world: Building;
let live: Generation;
let plain: PlainIndex;

beforeAll(async () => {
  world = await openBuilding({
    sources: orderBookSources.map((source) => describeSource(source)),
    computes: computesOf(orderBook),
  });
  await seedOrders(world.pool, { orders: ORDERS });
  await world.ensure(compile(orderBook));
  await world.pool.query('DELETE FROM mark');
  await buildAll();
  live = (await readGenerations(world.pool))[0] as Generation;
  plain = plainIndex(world.space.elasticsearchUrl, live.indexName);
}, 400_000);
afterAll(() => world.dispose());

/** As the scan of a rebuild does, since claims of marks for so many roots take twice as long. */
async function buildAll(): Promise<void> {
  const chunks = Array.from({ length: ORDERS / 1_000 }, (_, chunk) =>
    Array.from({ length: 1_000 }, (_, at) => seededId('order', chunk * 1_000 + at + 1)),
  ).values();
  const work = async (): Promise<void> => {
    for (const ids of chunks) {
      const result = await buildRoots({ ...world.context, deadlineMs: 60_000 }, 'order-book', ids);
      const all = result.kind === 'written' && result.writes.every(({ outcome }) => outcome.kind === 'done');
      if (!all) throw new Error(`the seeded orders could not be built: ${result.kind}`);
    }
  };
  await Promise.all([work(), work()]);
}

/** Ids of orders that no writer touches, spread over all, the first and the last order among them. */
function victims(): { readonly take: (count: number) => readonly string[] } {
  const step = Math.floor(ORDERS / (4 * OF_EACH));
  const ids = Array.from({ length: 4 * OF_EACH }, (_, at) => 1 + at * step)
    .map((n) => (isWritten(n) ? n + 1 : n))
    .map((n) => seededId('order', n));
  ids[ids.length - 1] = seededId('order', ORDERS - 1);
  // Every fourth one, so that each kind is spread over the whole range.
  let kind = 0;
  return {
    take: (count) => {
      const offset = kind++;
      return Array.from({ length: count }, (_, at) => ids[at * 4 + offset] as string);
    },
  };
}

interface Planted {
  /** `id kind`, as verification has to tell it. */
  readonly expected: readonly string[];
  /** What the documents were that have to come back. */
  readonly originals: ReadonlyMap<string, string>;
  readonly gone: readonly string[];
}

async function plant(): Promise<Planted> {
  const { take } = victims();
  const [missing, stale, changed, lost] = [take(OF_EACH), take(OF_EACH), take(OF_EACH), take(OF_EACH)];
  const extra = [
    ...Array.from(
      { length: OF_EACH - 2 },
      (_, at) => `${seededId('order', 1 + at * Math.floor(ORDERS / OF_EACH))}x`,
    ),
    '!before all',
    '😀 after all',
  ];
  const mended = [...missing, ...stale, ...changed];
  const found = await world.index.getMany(live.indexName, mended, { deadlineMs: 30_000 });
  const originals = new Map([...found].map(([id, { source }]) => [id, source]));
  expect(originals.size).toBe(mended.length);
  const spoilt = (id: string): string =>
    (originals.get(id) as string).replace(/"total":\d+/, '"total":987654321');

  await plain.delete(missing);
  await plain.forgetTombstones(stale);
  await plain.write(stale.map((id) => ({ id, version: 5, body: spoilt(id) })));
  await plain.write(changed.map((id) => ({ id, version: found.get(id)?.revision ?? 0, body: spoilt(id) })));
  await plain.write(extra.map((id) => ({ id, version: 1, body: JSON.stringify({ id, total: 1 }) })));
  await world.pool.query(
    'ALTER TABLE copy_order DISABLE TRIGGER USER; ALTER TABLE copy_order ENABLE TRIGGER prejoin_refuse_truncate',
  );
  await world.pool.query('DELETE FROM copy_order WHERE id = ANY($1)', [lost]);
  await world.pool.query('ALTER TABLE copy_order ENABLE TRIGGER USER');
  const expected = Object.entries({ missing, stale, different: changed, extra: [...extra, ...lost] });
  return {
    expected: expected.flatMap(([kind, ids]) => ids.map((id) => `${id} ${kind}`)).sort(),
    originals,
    gone: [...extra, ...lost],
  };
}

/** Changes, deletes and creates orders and renames customers until it is stopped, with all that builds them. */
function startWriters(): { readonly stop: () => Promise<number> } {
  const stopped = new AbortController();
  const builder = world.start({ lanes: 2 });
  let version = 10;
  const order = (n: number): Change => {
    version += 1;
    if (version % 7 === 0) return change('order', seededId('order', n), version, null);
    return change('order', seededId('order', n), version, {
      customerId: seededId('customer', 1 + (n % CUSTOMERS)),
      status: 'pending',
      total: version,
      discount: 0,
      placedAt: '2026-03-01T00:00:00.000Z',
      lines: [],
    });
  };
  const writing = (async () => {
    for (let round = 0; !stopped.signal.aborted; round++) {
      const places = Array.from(
        { length: 5 },
        (_, at) => 10 * (1 + (((round * 5 + at) * 37) % (CUSTOMERS - 1))),
      );
      await world.apply(...[...new Set(places)].map(order));
      const n = 1 + ((round * 10) % CUSTOMERS);
      version += 1;
      await world.apply(
        change('customer', seededId('customer', n), version, { name: `renamed ${round}`, tier: 'gold' }),
      );
      await world.fanOut();
    }
    return version;
  })();
  return {
    stop: async () => {
      stopped.abort();
      const changes = await writing;
      await world.fanOut();
      await untilNoMarks(world.pool, 60_000);
      await builder.close();
      return changes;
    },
  };
}

const told = ({ differences }: Verified): readonly string[] =>
  differences.map(({ id, kind, waiting }) => `${id} ${kind}${waiting ? ', waiting' : ''}`).sort();

describe(`${5 * OF_EACH} corruptions among ${ORDERS} documents`, () => {
  it('are found exactly while writers go on, and mended with a write each and none besides', async () => {
    const { expected, originals, gone } = await plant();
    const writers = startWriters();
    const found = await verifyDocuments({ ...world.context, settleMs: 120_000, stallMs: 60_000 }, live);
    const changes = await writers.stop();
    expect(told(found)).toEqual(expected);
    expect(expected).toHaveLength(5 * OF_EACH);
    expect(found).toMatchObject({ verdict: 'different', unsettled: { count: 0 }, refused: { count: 0 } });
    // Else nobody wrote, or nothing was looked at twice, and it shows nothing about writers.
    expect(changes).toBeGreaterThan(30);
    expect(found.lookedAt).toBeGreaterThan(expected.length);

    const before = await plain.writes();
    const result = await repairDocuments(
      world.context,
      live,
      found.differences.map(({ id }) => id),
    );
    expect(result).toMatchObject({ equal: 0, left: [], epochRaised: false });
    expect(result.repaired).toHaveLength(expected.length);
    const after = await plain.writes();
    expect(after - before).toBe(expected.length);

    const mended = await world.index.getMany(live.indexName, [...originals.keys(), ...gone], {
      deadlineMs: 30_000,
    });
    expect(new Map([...mended].map(([id, { source }]) => [id, source]))).toEqual(originals);
    const again = await verifyDocuments(world.context, live);
    expect(again).toMatchObject({ verdict: 'equal', differences: [], documents: again.roots });
  }, 600_000);
});
