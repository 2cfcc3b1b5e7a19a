import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { silentLogger } from '#kernel';
import { busNames, declareTopology, eventTopology } from '#messaging';
import { elasticsearchIndex, type SearchIndex } from '#search';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import {
  eventOf,
  orderState,
  projectorEnv,
  publishAll,
  spawnProjector,
} from './testing/projector-process.js';

const ORDERS = 3_000;
const RENAMES = 6;

let space: TestSpace;
let index: SearchIndex;
const children: ChildProcess[] = [];

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'], elasticsearch: true, rabbitmq: true });
  index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await index.close();
  await space.dispose();
});

const start = (): ChildProcess => {
  // Small sizes, so that at any moment each process holds something.
  const { child } = spawnProjector({
    ...projectorEnv(space),
    APPLY_BATCH: '40',
    APPLY_BATCH_MIN: '20',
    APPLY_PREFETCH: '80',
    FAN_OUT_CHUNK: '100',
    FAN_OUT_LIST_CHUNK: '200',
    FAN_OUT_BACKLOG: '400',
    BUILD_BATCH: '100',
  });
  children.push(child);
  return child;
};

const waiting = async (): Promise<{ orders: number; left: boolean }> => {
  const { rows } = await space.pool('projection').query<{ orders: number; left: boolean }>(
    `SELECT (SELECT count(*)::int FROM copy_order) AS orders,
            EXISTS (SELECT FROM mark UNION ALL SELECT FROM fan_out UNION ALL SELECT FROM fan_out_job) AS left`,
  );
  return rows[0] ?? { orders: 0, left: true };
};
/** Waits until so many projectors take events. */
const untilConsumed = async (consumers: number): Promise<void> => {
  const connection = await amqp.connect(space.rabbitmqUrl);
  try {
    const channel = await connection.createChannel();
    await declareTopology(channel, eventTopology(space.busPrefix));
    const { projectorQueue } = busNames(space.busPrefix);
    await eventually(
      async () => expect((await channel.checkQueue(projectorQueue)).consumerCount).toBe(consumers),
      { timeoutMs: 60_000 },
    );
  } finally {
    await connection.close();
  }
};
const untilApplied = (orders: number): Promise<void> =>
  eventually(async () => expect((await waiting()).orders).toBeGreaterThanOrEqual(orders), {
    timeoutMs: 60_000,
  });

const rename = (version: number) =>
  eventOf('product', version, {
    id: 'p1',
    sku: 's',
    name: `name ${version}`,
    price: 100,
    discontinued: false,
  });

/** How many documents have each name of the product. */
const namesServed = async (): Promise<Readonly<Record<string, number>>> => {
  const alias = `${space.indexPrefix}order-search`;
  await index.refresh(alias);
  const names: Record<string, number> = {};
  for (const { source } of await index.scan(alias, null, ORDERS + 1)) {
    const { lines } = JSON.parse(source) as { lines: { product: { name: string } | null }[] };
    const name = lines[0]?.product?.name ?? 'none';
    names[name] = (names[name] ?? 0) + 1;
  }
  return names;
};

describe('three projectors at once', () => {
  it('share the load with no coordination but the database, also when one is killed and another added', async () => {
    const [first, second, third] = [start(), start(), start()];
    const orders = Array.from({ length: ORDERS }, (_, at) =>
      eventOf('order', 1, orderState(`o-${at}`, ['p1'])),
    );
    await untilConsumed(3);
    await publishAll(space, [rename(1), ...orders.slice(0, ORDERS / 2)]);
    await untilApplied(100);
    second.kill('SIGKILL');
    expect(await once(second, 'exit')).toEqual([null, 'SIGKILL']);

    const share = ORDERS / 2 / (RENAMES - 1);
    for (let version = 2; version <= RENAMES; version++) {
      const from = ORDERS / 2 + (version - 2) * share;
      await publishAll(space, [...orders.slice(from, from + share), rename(version)]);
      if (version === 3) {
        start();
        await untilConsumed(3);
      }
    }
    await untilApplied(ORDERS);
    await eventually(async () => expect((await waiting()).left).toBe(false), { timeoutMs: 90_000 });
    expect(await namesServed()).toEqual({ [`name ${RENAMES}`]: ORDERS });

    const living = [first, third, ...children.slice(3)];
    for (const child of living) child.kill('SIGTERM');
    expect(await Promise.all(living.map((child) => once(child, 'exit')))).toEqual(
      living.map(() => [0, null]),
    );
  }, 240_000);
});
