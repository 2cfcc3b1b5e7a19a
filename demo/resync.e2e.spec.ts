import { eventually } from '#testing';
import { untilReady } from '../stack/apps.js';
import { untilRight } from './check.js';
import { makeDataSet } from './data-set.js';
import { sendChains } from './send.js';
import { prejoin, testInstallation, type TestInstallation } from './testing.js';
import { newWorld } from './world.js';

const data = makeDataSet({ customers: 30, products: 20, orders: 90 }, 11);
const world = newWorld();
let apps: TestInstallation;

beforeAll(async () => {
  // Small pages, so that commands come between them.
  apps = await testInstallation({}, { RESYNC_PAGE: '7', RESYNC_OUTBOX_ROWS: '20' });
  await apps.startAll();
  await send([...data.people, ...data.trade.slice(0, 60)]);
}, 120_000);

afterAll(async () => {
  await apps.dispose();
}, 60_000);

function send(chains: typeof data.trade): Promise<unknown> {
  return sendChains(chains, { baseUrl: apps.commandUrl, concurrency: 6, patienceMs: 0, world });
}

async function everythingIsRight(): Promise<void> {
  const result = await untilRight(world, apps.queryUrl, { deadlineMs: 60_000 });
  expect({ ...result, different: result.different.slice(0, 2) }).toEqual({
    right: { ...result.right, 'order-search': world.resources.get('orders')?.size },
    missing: [],
    extra: [],
    different: [],
  });
}

/** What the command API says of the payments now. */
async function readPaymentsAgain(): Promise<void> {
  for (const id of [...(world.resources.get('payments')?.keys() ?? [])]) {
    const path = `/payments/${id}`;
    const response = await fetch(apps.commandUrl + path);
    const body = (await response.json()) as Readonly<Record<string, unknown>>;
    world.remember({ method: 'POST', path, body: {} }, response.ok ? body : null);
  }
}

describe('prejoin resync', () => {
  it('fills an empty projection database from the services while commands go on', async () => {
    await apps.app('projector').stop();
    await apps.space.pool('projection').query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    const early = await prejoin(apps, 'resync', '--all');
    expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining('npm run migrate') as string });

    await untilReady(apps.start('projector'));
    const [resynced] = await Promise.all([
      prejoin(apps, 'resync', '--all'),
      send([...data.trade.slice(60), ...data.changes]),
    ]);
    expect(resynced).toMatchObject({ code: 0 });
    expect(resynced.stdout).toMatch(/order +0 +\d+/);
    for (const source of ['customer', 'product', 'stock', 'order', 'payment', 'shipment'])
      expect(resynced.stderr).toMatch(new RegExp(`publish ${source}: \\d+ aggregates in`));
    await everythingIsRight();
  }, 120_000);

  it('finds a service that was restored to an older state, and makes it count again under a higher epoch', async () => {
    // Every payment goes back to its first version, and of five nothing is left.
    await apps.space.pool('payments').query(`
      UPDATE payment SET version = 1, status = 'due', paid_at = NULL, refunded_at = NULL;
      DELETE FROM payment WHERE id IN (SELECT id FROM payment ORDER BY id LIMIT 5)`);
    await readPaymentsAgain();
    const refused = await prejoin(apps, 'resync', 'payment');
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /copies of payment are newer(.|\n)*resync payment --raise-epoch/,
      ) as string,
    });

    const raised = await prejoin(apps, 'resync', 'payment', '--raise-epoch', '--json');
    expect(raised).toMatchObject({ code: 0 });
    const published = world.resources.get('payments')?.size;
    expect(JSON.parse(raised.stdout)).toEqual([
      { source: 'payment', epoch: 1, published, notApplied: 0, checked: published, removed: 0, ahead: 0 },
    ]);
    await everythingIsRight();

    // A command now counts, though its version is below the ones that were lost.
    const [id] = [...(world.resources.get('payments')?.keys() ?? [])];
    await send([[{ method: 'POST', path: `/payments/${id}/capture` }]]);
    await everythingIsRight();
  }, 120_000);

  it('removes a copy that its service does not have, and the document with it, unless it is told to keep it', async () => {
    await apps.space.pool('projection').query(
      `INSERT INTO copy_order (id, epoch, version, deleted, occurred_at, event_id, data)
       SELECT 'SKU-00 17/ä', epoch, 3, deleted, occurred_at, event_id, data FROM copy_order WHERE NOT deleted LIMIT 1`,
    );
    const document = `${apps.queryUrl}/views/order-search/${encodeURIComponent('SKU-00 17/ä')}`;
    await eventually(async () => expect((await fetch(document)).status).toBe(200), { timeoutMs: 20_000 });
    const kept = await prejoin(apps, 'resync', 'order', '--keep-missing', '--json');
    expect(JSON.parse(kept.stdout)).toMatchObject([{ checked: 0, removed: 0 }]);
    const removed = await prejoin(apps, 'resync', 'order', '--json');
    expect(JSON.parse(removed.stdout)).toMatchObject([{ source: 'order', removed: 1, ahead: 0 }]);
    const { rows } = await apps.space
      .pool('projection')
      .query(`SELECT version::int, deleted FROM copy_order WHERE id = 'SKU-00 17/ä'`);
    expect(rows).toEqual([{ version: 4, deleted: true }]);
    await eventually(async () => expect((await fetch(document)).status).toBe(404), { timeoutMs: 20_000 });
    await everythingIsRight();
  }, 60_000);

  it('says what is wrong with what it is asked for, and whom it can not reach', async () => {
    expect(await prejoin(apps, 'resync')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--all') as string,
    });
    expect(await prejoin(apps, 'resync', 'orders')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('The sources are: customer, product') as string,
    });
    const elsewhere = { env: { ...apps.env, BUS_PREFIX: `${apps.space.busPrefix}x` } };
    expect(await prejoin(elsewhere, 'resync', 'order')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/orders was never started(.|\n)*BUS_PREFIX/) as string,
    });
  }, 60_000);
});
