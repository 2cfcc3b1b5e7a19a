import { eventually, startPrivateElasticsearch, type PrivateServer } from '#testing';
import { sleep } from '#kernel';
import { answersReady } from '../stack/apps.js';
import { untilRight } from './check.js';
import { makeDataSet } from './data-set.js';
import { sendChains } from './send.js';
import { testInstallation, type TestInstallation } from './testing.js';
import { newWorld } from './world.js';

/** How long Elasticsearch stays away: OUTAGE_PROOF_SECONDS=60 is a longer one. */
const outageSeconds = Number(process.env['OUTAGE_PROOF_SECONDS'] ?? 5);

describe(`an installation whose Elasticsearch is away for ${outageSeconds} seconds`, () => {
  let elasticsearch: PrivateServer;
  let apps: TestInstallation;

  beforeAll(async () => {
    elasticsearch = await startPrivateElasticsearch();
    apps = await testInstallation({ elasticsearch: elasticsearch.url });
    await apps.startAll();
  }, 180_000);

  afterAll(async () => {
    await apps.dispose();
    await elasticsearch.dispose();
  }, 60_000);

  it('goes on taking commands and relaying, tells the truth about its health, and catches up by itself', async () => {
    const data = makeDataSet({ customers: 30, products: 20, orders: 60 }, 11);
    const world = newWorld();
    const send = { baseUrl: apps.commandUrl, concurrency: 4, patienceMs: 0, world };
    await sendChains(data.people, send);
    expect((await untilRight(world, apps.queryUrl, { deadlineMs: 30_000 })).missing).toEqual([]);

    await elasticsearch.stop();
    const awaySince = performance.now();
    await eventually(async () => expect(await answersReady(apps.queryUrl)).toBe(false));
    await eventually(async () => expect(await answersReady(apps.projectorUrl)).toBe(false));
    expect(await answersReady(apps.commandUrl)).toBe(true);

    // Patience is 0: every command has to succeed at its first try.
    await sendChains(data.trade, send);
    await sendChains(data.changes, send);
    const outboxes = ['customers', 'catalog', 'orders', 'payments', 'shipping'].map((name) =>
      apps.space.pool(name),
    );
    await eventually(async () => {
      for (const pool of outboxes) {
        const { rows } = await pool.query<{ waiting: string }>('SELECT count(*) AS waiting FROM outbox');
        expect(rows).toEqual([{ waiting: '0' }]);
      }
    });

    await sleep(Math.max(0, outageSeconds * 1_000 - (performance.now() - awaySince)));
    await elasticsearch.start();
    const result = await untilRight(world, apps.queryUrl, { deadlineMs: 60_000 });
    expect({ ...result, different: result.different.slice(0, 2) }).toEqual({
      right: { ...result.right, 'order-search': 60 },
      missing: [],
      extra: [],
      different: [],
    });
    await eventually(async () => expect(await answersReady(apps.queryUrl)).toBe(true));
    await eventually(async () => expect(await answersReady(apps.projectorUrl)).toBe(true));
  }, 240_000);
});
