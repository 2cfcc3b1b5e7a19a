import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Pool } from 'pg';
import { silentLogger } from '#kernel';
import { elasticsearchIndex, type ScanPosition, type SearchIndex } from '#search';
import { eventually } from '#testing';
import { seededId, seedOrders } from '#projection/testing';
import { untilReady } from '../stack/apps.js';
import { expectedOrders } from './expected/orders.js';
import { rowsOf } from './expected/rows.js';
import { percentile, startReaders, type Readers, type ReadingResult } from './testing/readers.js';
import { readShop, type Shop } from './testing/shop.js';
import {
  openPublishing,
  startLagProbe,
  startWriters,
  type LagProbe,
  type Publishing,
  type Writers,
} from './testing/writers.js';
import {
  prejoin,
  startPrejoin,
  testInstallation,
  type Ended,
  type RunningPrejoin,
  type TestInstallation,
} from './testing.js';

/**
 * What two cores that also run the servers get through in a minute; the whole proof, which takes a machine that can
 * serve its readers: REBUILD_PROOF_ORDERS=50000 REBUILD_PROOF_READS=200 REBUILD_PROOF_SWAPS=20 npm test -- demo/rebuild-under-load
 */
const ORDERS = Number(process.env['REBUILD_PROOF_ORDERS'] ?? 1_000);
const READS = Number(process.env['REBUILD_PROOF_READS'] ?? 30);
/** As the default takes it from the number of roots; that one takes no fewer than 100. */
const CHUNK = String(Math.ceil(ORDERS / 200));
/** So fast that the scan takes ten seconds at least: whoever is to be killed or refused in its midst has to start first. */
const REBUILD = ['rebuild', 'order-search', '--chunk', CHUNK, '--throttle', String(ORDERS / 10)] as const;
const PROBES = 100;
const KILLS = 5;
const SWAPS = Number(process.env['REBUILD_PROOF_SWAPS'] ?? 3);

let apps: TestInstallation;
let pool: Pool;
let search: SearchIndex;
let shop: Shop;
let publishing: Publishing;

beforeAll(async () => {
  apps = await testInstallation();
  pool = apps.space.pool('projection');
  search = elasticsearchIndex({ node: apps.space.elasticsearchUrl, logger: silentLogger });
  await seedQuietly();
  shop = await readShop(pool);
  expect(await prejoin(apps, 'rebuild', 'order-search', '--keep-hours', '0')).toMatchObject({ code: 0 });
  await Promise.all((['projector', 'query-api'] as const).map((name) => untilReady(apps.start(name))));
  publishing = await openPublishing(apps.space, shop);
}, 240_000);

afterAll(async () => {
  await publishing.close();
  await search.close();
  await apps.dispose();
}, 60_000);

describe(`a view of ${ORDERS} documents that is rebuilt while it is written and read`, () => {
  it('is new and right after five kills and a competitor, and no read failed', async () => {
    const load = startLoad();
    const { before, during, seconds, again, competitor, result } = await measured(load).finally(load.stop);
    const reads = load.readers.take();

    tell(before, during, { again, seconds, written: load.writers.written() });
    expect(reads).toMatchObject({ failures: 0, failed: [] });
    expect(reads.requests).toBeGreaterThan(READS * seconds * 0.9);
    expect(competitor?.code).toBe(1);
    expect(competitor?.stderr).toMatch(
      /is being rebuilt already, by .*, process \d+ since .*: phase scan, \d+ of \d+/,
    );
    expect(result).toMatchObject({ event: 'result', swapped: true, resumed: true });
    expect(again).toBeLessThanOrEqual(ORDERS * 0.1);
    await expectAllRight();
  }, 900_000);

  it('is walked by cursors over one swap after the other, with no order missed or repeated, and no read fails', async () => {
    // The last orders that were placed are there before the first walk begins.
    await expectAllRight();
    const readers = startReaders(READS, someRead);
    const stop = new AbortController();
    const walking = walkUntil(stop.signal);
    const { served, walks } = await swapAgainAndAgain()
      .finally(() => stop.abort())
      .then(async (indices) => ({ served: indices, walks: await walking }))
      .finally(readers.stop);
    expect(readers.take()).toMatchObject({ failures: 0, failed: [] });
    // Back and forth between the two.
    expect(served.size).toBe(2);
    expect(walks.length).toBeGreaterThan(0);
    expect(new Set(walks.map(({ ids }) => ids))).toEqual(new Set([shop.resources.get('orders')?.size]));
    expect(walks.filter(({ repeated }) => repeated > 0)).toEqual([]);
  }, 600_000);
});

/** To a new index, and then back and forth between the two. Answers the indices that were served. */
async function swapAgainAndAgain(): Promise<ReadonlySet<string>> {
  const served = new Set<string>();
  for (let swap = 0; swap < SWAPS; swap++) {
    const command = swap === 0 ? ['rebuild', 'order-search'] : ['rollback', 'order-search', '--yes'];
    const { code, stdout, stderr } = await prejoin(apps, ...command, '--json');
    expect([code, stderr]).toEqual([0, stderr]);
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { readonly indexName: string };
    served.add(result.indexName);
  }
  return served;
}

/** Walks through all orders page by page, again and again; the last walk is ended although it was told to stop. */
async function walkUntil(signal: AbortSignal) {
  const walks: { readonly ids: number; readonly repeated: number }[] = [];
  while (!signal.aborted) {
    const seen: string[] = [];
    for (let query: string | null = 'limit=100&sort=placedAt'; query !== null;) {
      const response: Response = await fetch(`${apps.queryUrl}/views/order-search?${query}`);
      const page = (await response.json()) as { data: { id: string }[]; next: string | null };
      seen.push(...page.data.map(({ id }) => id));
      query = page.next === null ? null : `cursor=${encodeURIComponent(page.next)}`;
    }
    const ids = new Set(seen).size;
    walks.push({ ids, repeated: seen.length - ids });
  }
  return walks;
}

interface Load {
  readonly readers: Readers;
  readonly writers: Writers;
  readonly probe: LagProbe;
  readonly stop: () => Promise<void>;
}

function startLoad(): Load {
  const { publish } = publishing;
  const readers = startReaders(READS, someRead);
  const writers = startWriters({ publish, shop, orders: ORDERS, perSecond: 20, untouched: 2 * PROBES });
  const probe = startLagProbe({ publish, shop, queryUrl: apps.queryUrl, probes: PROBES });
  return {
    readers,
    writers,
    probe,
    stop: async () => {
      await Promise.all([probe.stop(), writers.stop(), readers.stop()]);
    },
  };
}

/** The same ruler before the rebuild and during it. */
async function measured({ readers, probe }: Load) {
  await settled(2_000);
  probe.take();
  readers.take();
  await settled(5_000);
  const before = { lags: probe.take(), reads: readers.take() };
  const startedAt = performance.now();
  const rebuilt = await rebuildThroughKills();
  const seconds = (performance.now() - startedAt) / 1_000;
  return { ...rebuilt, before, seconds, during: { lags: probe.take(), reads: readers.take() } };
}

/** Copies without marks: the triggers are off, as long as it takes. */
async function seedQuietly(): Promise<void> {
  const copies = ['customer', 'product', 'order', 'payment', 'shipment'].map((source) => `copy_${source}`);
  for (const copy of copies) await pool.query(`ALTER TABLE ${copy} DISABLE TRIGGER USER`);
  await seedOrders(pool, { orders: ORDERS });
  for (const copy of copies) await pool.query(`ALTER TABLE ${copy} ENABLE TRIGGER USER`);
}

function settled(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What readers ask for most: a page of a list, filtered or not, and single documents. */
function someRead(): string {
  const view = `${apps.queryUrl}/views/order-search`;
  const kind = randomInt(4);
  if (kind === 0) return `${view}?limit=20`;
  if (kind === 1) return `${view}?limit=20&status=confirmed&sort=-total`;
  if (kind === 2) return `${view}?limit=20&customer.tier=gold`;
  // Nobody deletes the first ones.
  return `${view}/${seededId('order', randomInt(1, 2 * PROBES))}`;
}

/** Rebuilds, is killed at a random moment of each sixth of the scan, and then let end. */
async function rebuildThroughKills() {
  let again = 0;
  let competitor: Ended | null = null;
  for (let kill = 0; kill < KILLS; kill++) {
    const running = await startRebuild(ORDERS * ((kill + 0.2 + randomInt(60) / 100) / (KILLS + 1)));
    if (kill === 2) competitor = await prejoin(apps, 'rebuild', 'order-search');
    running.child.kill('SIGKILL');
    await running.ended;
    again += await builtAndNotSaved();
  }
  const last = await (await startRebuild(Infinity)).ended;
  expect(last).toMatchObject({ code: 0 });
  const lines = last.stdout.trimEnd().split('\n');
  const result = JSON.parse(lines.at(-1) ?? '') as Readonly<Record<string, unknown>>;
  return { again, competitor, result };
}

/**
 * Starts a rebuild, and resolves when so many roots are scanned. The server may take a moment to see that the killed one
 * is gone; whoever starts the next is refused until then, and tries again.
 */
async function startRebuild(roots: number): Promise<RunningPrejoin> {
  for (;;) {
    const running = startPrejoin(apps, ...REBUILD, '--json');
    for (; running.child.exitCode === null; await settled(50)) if ((await scanned()) >= roots) return running;
    const { code, stderr } = await running.ended;
    if (code === 0) return running;
    expect(stderr).toContain('is being rebuilt already');
  }
}

async function scanned(): Promise<number> {
  const { rows } = await pool.query<{ scanned: number }>('SELECT scanned::int FROM rebuild');
  return rows[0]?.scanned ?? 0;
}

/** Documents of the new index above the positions that were saved, but for those that writers had built. */
async function builtAndNotSaved(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count
     FROM unnest($1::text[]) AS document (id)
     JOIN copy_order AS root ON root.id = document.id AND root.version = 1
     JOIN copy_customer AS customer ON customer.id = root."key_customerId" AND customer.version = 1
     WHERE NOT EXISTS (SELECT FROM copy_payment WHERE "key_orderId" = root.id AND version > 1)
       AND NOT EXISTS (SELECT FROM copy_shipment WHERE "key_orderId" = root.id AND version > 1)`,
    [await idsNotSaved()],
  );
  return rows[0]?.count ?? -1;
}

async function idsNotSaved(): Promise<readonly string[]> {
  const { rows } = await pool.query<{ index: string; after: string | null; to: string | null }>(
    `SELECT index_name AS index, coalesce(range.scanned_to, range.after_id) AS after, range.to_id AS to
     FROM rebuild_range AS range JOIN generation USING (view, number)
     WHERE NOT range.done`,
  );
  const ids: string[] = [];
  for (const { index, ...range } of rows) {
    await search.refresh(index);
    for (let from: ScanPosition | null = null; ;) {
      const page = await search.scanRevisions(index, range, from, 5_000);
      ids.push(...page.documents.map(({ key }) => key));
      if (page.next === null) break;
      from = page.next;
    }
  }
  return ids;
}

/** What is served is what follows from the events, by nested loops over what was published. */
async function expectAllRight(): Promise<void> {
  const expected = expectedOrders(rowsOf(shop));
  await eventually(
    async () => {
      const served = await servedOrders();
      const missing = [...expected.keys()].filter((id) => !served.has(id));
      const extra = [...served.keys()].filter((id) => !expected.has(id));
      const different = [...expected].filter(
        ([id, document]) => served.has(id) && !isDeepStrictEqual(served.get(id), document),
      );
      expect({ missing: missing.length, extra: extra.length, different: different.slice(0, 2) }).toEqual({
        missing: 0,
        extra: 0,
        different: [],
      });
    },
    { timeoutMs: 120_000 },
  );
  expect(expected.size).toBeGreaterThan(ORDERS * 0.9);
}

async function servedOrders(): Promise<ReadonlyMap<string, unknown>> {
  const response = await fetch(`${apps.queryUrl}/views/order-search/_export`);
  const lines = (await response.text()).trimEnd().split('\n');
  return new Map(lines.map((line) => JSON.parse(line) as { id: string }).map((one) => [one.id, one]));
}

interface Measured {
  readonly lags: readonly number[];
  readonly reads: ReadingResult;
}

function tell(
  before: Measured,
  during: Measured,
  { again, seconds, written }: { again: number; seconds: number; written: number },
): void {
  const ms = (value: number): string => `${Math.round(value)} ms`;
  const lag = ({ lags }: Measured): string =>
    `${ms(percentile(lags, 0.5))} / ${ms(percentile(lags, 0.95))} (${lags.length})`;
  process.stderr.write(
    [
      `Rebuild of ${ORDERS} documents in ${seconds.toFixed(0)} s through ${KILLS} kills; ${written} events meanwhile`,
      `built again: ${again} documents (${((100 * again) / ORDERS).toFixed(1)} %)`,
      `live lag p50 / p95: ${lag(before)} before, ${lag(during)} during`,
      `reads p50 / p95: ${ms(before.reads.p50Ms)} / ${ms(before.reads.p95Ms)} before, ${ms(during.reads.p50Ms)} / ${ms(during.reads.p95Ms)} during`,
      '',
    ].join('\n'),
  );
}
