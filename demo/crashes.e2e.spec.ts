import { startPrivateRabbitmq, type PrivateServer } from '#testing';
import { isRight, untilRight } from './check.js';
import { makeDataSet } from './data-set.js';
import { sendChains } from './send.js';
import { testInstallation, type TestInstallation } from './testing.js';
import { newWorld } from './world.js';

/** CRASH_PROOF_ORDERS=250 is a longer stream; the kills are spread over it. */
const ORDERS = Number(process.env['CRASH_PROOF_ORDERS'] ?? 120);

describe('an installation whose processes are killed', () => {
  let broker: PrivateServer;
  let apps: TestInstallation;

  beforeAll(async () => {
    broker = await startPrivateRabbitmq();
    apps = await testInstallation({ rabbitmq: broker.url });
    await apps.startAll();
  }, 120_000);

  afterAll(async () => {
    await apps.dispose();
    await broker.dispose();
  }, 60_000);

  it('serves every order right, none missing and none extra, after relay, projector and broker were killed', async () => {
    const data = makeDataSet({ customers: 40, products: 30, orders: ORDERS }, 7);
    const chains = [...data.people, ...data.trade, ...data.changes];
    const total = chains.reduce((sum, chain) => sum + chain.length, 0);

    // The relay runs in the command API. Each victim is killed in the middle of the stream and started again at once.
    const killed: string[] = [];
    const crash = {
      'command-api': async () => {
        await apps.app('command-api').kill();
        apps.start('command-api');
      },
      projector: async () => {
        await apps.app('projector').kill();
        apps.start('projector');
      },
      broker: async () => {
        await broker.kill();
        await broker.start();
      },
    };
    const plan = ['projector', 'command-api', 'broker', 'projector', 'command-api', 'projector'] as const;
    const crashes: Promise<void>[] = [];
    const world = newWorld();
    await sendChains(chains, {
      baseUrl: apps.commandUrl,
      concurrency: 8,
      patienceMs: 60_000,
      world,
      onSent: (sent) => {
        const victim = plan[killed.length];
        if (victim === undefined || sent < (total * (killed.length + 1)) / (plan.length + 1)) return;
        killed.push(victim);
        crashes.push(crash[victim]());
      },
    });
    await Promise.all(crashes);
    expect(killed).toEqual(plan);

    const result = await untilRight(world, apps.queryUrl, { deadlineMs: 90_000 });
    expect({ ...result, different: result.different.slice(0, 2) }).toEqual({
      right: { ...result.right, 'order-search': ORDERS },
      missing: [],
      extra: [],
      different: [],
    });
    expect(isRight(result)).toBe(true);
  }, 240_000);
});
