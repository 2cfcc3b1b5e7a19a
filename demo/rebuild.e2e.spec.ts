import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { checkoutFolder } from '../stack/apps.js';
import { untilRight } from './check.js';
import { makeDataSet } from './data-set.js';
import { sendChains } from './send.js';
import { testInstallation, type TestInstallation } from './testing.js';
import { newWorld } from './world.js';

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
    const data = makeDataSet({ customers: 40, products: 30, orders: 300 }, 5);
    const world = newWorld();
    const send = { baseUrl: apps.commandUrl, concurrency: 6, patienceMs: 0, world };
    await sendChains(data.people, send);
    await sendChains(data.trade.slice(0, 150), send);
    const before = await servedIndex(apps);

    const reading = new AbortController();
    const reads = readUntil(`${apps.queryUrl}/views/order-search?limit=20`, reading.signal);
    const [rebuilt] = await Promise.all([
      prejoin(apps, 'rebuild', 'order-search'),
      sendChains([...data.trade.slice(150), ...data.changes], send),
    ]);
    reading.abort();

    expect(rebuilt).toMatchObject({ code: 0 });
    expect(rebuilt.stdout).toContain('View order-search is served from');
    const { statuses, total } = await reads;
    expect(statuses).toEqual({ 200: total });
    expect(await servedIndex(apps)).not.toBe(before);
    const result = await untilRight(world, apps.queryUrl, { deadlineMs: 60_000 });
    expect({ ...result, different: result.different.slice(0, 2) }).toEqual({
      right: 300,
      missing: [],
      extra: [],
      different: [],
    });
  }, 180_000);

  it('tells what the view is served from, and refuses a view that is not there with exit code 2', async () => {
    const status = await prejoin(apps, 'status');
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/order-search +2 +live/);
    expect(status.stdout).toMatch(/order-search +1 +previous .* kept for a rollback until/);

    const unknown = await prejoin(apps, 'rebuild', 'ordersearch');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('The views are: order-search.');
  }, 60_000);
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function prejoin(apps: TestInstallation, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(checkoutFolder, 'bin/prejoin.mjs'), ...args], {
    env: { ...process.env, ...apps.env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

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

async function servedIndex({ space }: TestInstallation): Promise<string | undefined> {
  const response = await fetch(`${space.elasticsearchUrl}/_alias/${space.indexPrefix}order-search`);
  return Object.keys((await response.json()) as object)[0];
}
