import { untilRight } from './check.js';
import { makeDataSet } from './data-set.js';
import { sendChains } from './send.js';
import { prejoin, testInstallation, type TestInstallation } from './testing.js';
import { newWorld } from './world.js';

/** More than a page of a hundred; REBUILD_DEMO_ORDERS=300 is a longer one. */
const ORDERS = Number(process.env['REBUILD_DEMO_ORDERS'] ?? 150);

describe('a view that is rebuilt while it is read and written', () => {
  let apps: TestInstallation;

  beforeAll(async () => {
    apps = await testInstallation();
    await apps.startAll();
  }, 120_000);

  afterAll(async () => {
    await apps.dispose();
  }, 60_000);

  it('answers every read, and ends with every document right in a new index', async () => {
    const data = makeDataSet({ customers: 40, products: 30, orders: ORDERS }, 5);
    const world = newWorld();
    const send = { baseUrl: apps.commandUrl, concurrency: 6, patienceMs: 0, world };
    await sendChains(data.people, send);
    await sendChains(data.trade.slice(0, ORDERS / 2), send);
    const before = await servedIndex(apps);

    const reading = new AbortController();
    const reads = readUntil(`${apps.queryUrl}/views/order-search?limit=20`, reading.signal);
    const [rebuilt] = await Promise.all([
      prejoin(apps, 'rebuild', 'order-search'),
      sendChains([...data.trade.slice(ORDERS / 2), ...data.changes], send),
    ]);
    reading.abort();

    expect(rebuilt).toMatchObject({ code: 0 });
    expect(rebuilt.stdout).toContain('View order-search is served from');
    const { statuses, total } = await reads;
    expect(statuses).toEqual({ 200: total });
    expect(await servedIndex(apps)).not.toBe(before);
    const result = await untilRight(world, apps.queryUrl, { deadlineMs: 60_000 });
    expect({ ...result, different: result.different.slice(0, 2) }).toEqual({
      right: { ...result.right, 'order-search': ORDERS },
      missing: [],
      extra: [],
      different: [],
    });
  }, 180_000);

  it('lets who walks a snapshot go on in the generation that it began in, and exports have every order once', async () => {
    const first = await page(apps, 'snapshot=5m&limit=100');
    const began = await servedIndex(apps);
    const reading = new AbortController();
    const exports = exportUntil(apps, reading.signal);
    // Kept for no rollback at all: what holds the index is the snapshot alone.
    for (let swap = 0; swap < 3; swap += 1)
      expect(await prejoin(apps, 'rebuild', 'order-search', '--keep-hours', '0')).toMatchObject({ code: 0 });
    reading.abort();
    expect(await servedIndex(apps)).not.toBe(began);

    const seen = [...first.data];
    for (let { next } = first; next !== null;) {
      const more = await page(apps, `cursor=${encodeURIComponent(next)}`);
      seen.push(...more.data);
      next = more.next;
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(ORDERS);
    expect(seen).toHaveLength(ORDERS);
    const counts = await exports;
    expect(counts.length).toBeGreaterThan(3);
    expect(counts).toEqual(counts.map(() => ({ lines: ORDERS, distinct: ORDERS })));

    // Nobody reads it any more, so it goes with the next one.
    expect(await prejoin(apps, 'rebuild', 'order-search')).toMatchObject({ code: 0 });
    const gone = await fetch(`${apps.space.elasticsearchUrl}/${began}`);
    expect(gone.status).toBe(404);
  }, 120_000);

  it('tells what the view is served from, and refuses a view that is not there with exit code 2', async () => {
    const status = await prejoin(apps, 'status');
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/order-search +6 +live/);
    expect(status.stdout).toMatch(/order-search +5 +previous .* kept for a rollback until/);

    const unknown = await prejoin(apps, 'rebuild', 'ordersearch');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('The views are: order-search, ');
  }, 60_000);
});

/** Reads one after the other until told to stop, and counts the answers by status. */
async function readUntil(url: string, signal: AbortSignal) {
  const statuses: Record<number, number> = {};
  let total = 0;
  while (!signal.aborted) {
    const response = await fetch(url);
    await response.arrayBuffer();
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
    total += 1;
  }
  return { statuses, total };
}

interface Page {
  readonly data: readonly { readonly id: string }[];
  readonly next: string | null;
}

async function page(apps: TestInstallation, query: string): Promise<Page> {
  const response = await fetch(`${apps.queryUrl}/views/order-search?${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return (await response.json()) as Page;
}

/** Exports one after the other until told to stop. */
async function exportUntil(apps: TestInstallation, signal: AbortSignal) {
  const counts: { readonly lines: number; readonly distinct: number }[] = [];
  while (!signal.aborted) {
    const response = await fetch(`${apps.queryUrl}/views/order-search/_export`);
    const lines = (await response.text()).trimEnd().split('\n');
    counts.push({ lines: lines.length, distinct: new Set(lines).size });
  }
  return counts;
}

async function servedIndex({ space }: TestInstallation): Promise<string | undefined> {
  const response = await fetch(`${space.elasticsearchUrl}/_alias/${space.indexPrefix}order-search`);
  return Object.keys((await response.json()) as object)[0];
}
