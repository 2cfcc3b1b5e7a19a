import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { silentLogger } from '#kernel';
import type { RunningApp } from '#kernel/http';
import { inTransaction, type CurrentAggregate, type PublishedSource } from '#outbox';
import { sources } from '#commerce';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { serviceNames, type ServiceName } from './config.js';
import { allServices } from './services/all-services.js';
import { connectDataSource } from './services/data-source.js';
import {
  migrateAll,
  newCustomer,
  newOrder,
  outboxOf,
  sender,
  startTestApp,
  testEnv,
  type OutboxEvent,
  type Send,
} from './testing/test-app.js';

let space: TestSpace;
let app: RunningApp;
let send: Send;
const connections = new Map<ServiceName, DataSource>();

beforeAll(async () => {
  space = await createTestSpace({ databases: serviceNames });
  await migrateAll(space);
  app = await startTestApp(testEnv(space));
  send = sender(app.url);
  for (const name of serviceNames) {
    const options = {
      url: space.databaseUrl(name),
      poolSize: 2,
      use: 'commands',
      logger: silentLogger,
    } as const;
    connections.set(name, await connectDataSource(allServices[name], options));
  }
}, 60_000);

afterAll(async () => {
  await Promise.all([...connections.values()].map((connection) => connection.destroy()));
  await app.stop();
  await space.dispose();
});

async function create(path: string, body: object): Promise<string> {
  const { status, body: made } = await send('POST', path, body);
  expect(status).toBe(201);
  return `${path}/${String(made['id'])}`;
}

/** Something of every kind, in every state that its service keeps it in. */
async function trade(): Promise<void> {
  const [, closed] = [await create('/customers', newCustomer), await create('/customers', newCustomer)];
  await send('DELETE', closed);
  const product = await create('/products', { sku: 'A-1', name: 'Mug', price: 1995 });
  await send('POST', `${product}/stock-adjustments`, { delta: 5, reason: 'delivery' });
  await send('DELETE', await create('/products', { sku: 'A-2', name: 'Plate', price: 450 }));
  const orders = [await create('/orders', newOrder), await create('/orders', newOrder)];
  await create('/orders', newOrder);
  await send('POST', `${orders[0]}/confirmation`);
  await send('POST', `${orders[1]}/cancellation`);
  const [orderId, otherId] = orders.map((path) => path.split('/').at(-1));
  await send('POST', `${await create('/payments', { orderId, amount: 100 })}/capture`);
  await create('/payments', { orderId: otherId, amount: 7 });
  const shipment = await create('/shipments', { orderId, carrier: 'DHL' });
  await send('POST', `${shipment}/dispatch`, { trackingCode: 'X1' });
}

/** All aggregates, as pages of two. */
async function readAll(
  service: ServiceName,
  published: PublishedSource,
): Promise<readonly CurrentAggregate[]> {
  const all: CurrentAggregate[] = [];
  for (;;) {
    const page = await inTransaction(connections.get(service)!, (tx) =>
      published.lockPage(tx, all.at(-1)?.id ?? null, 2),
    );
    if (page.length === 0) return all;
    all.push(...page);
  }
}

describe('the sources that services publish again', () => {
  const published = serviceNames.flatMap((service) =>
    allServices[service].publishes.map((source) => ({ service, source, name: source.contract.name })),
  );

  it('are all that are declared, each with its owner', () => {
    expect(published.map(({ name, service }) => [name, service]).sort()).toEqual(
      sources.map(({ name, owner }) => [name, owner]).sort(),
    );
  });

  it('are read as their last events said, deleted ones too, in the order of their ids', async () => {
    await trade();
    for (const { service, source, name } of published) {
      const last = new Map<string, OutboxEvent>();
      for (const event of await outboxOf(space, service))
        if (event.source === name) last.set(event.aggregateId, event);
      const expected = [...last.values()]
        .map(({ aggregateId: id, version, data }) => ({ id, version, data }))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(await readAll(service, source)).toEqual(expected);
      expect(await inTransaction(connections.get(service)!, (tx) => source.count(tx))).toBe(expected.length);
    }
  });

  it('keep writers out of a page until its transaction ends, and readers and other rows go on', async () => {
    const [held, free] = [await create('/orders', newOrder), await create('/orders', newOrder)];
    const id = held.split('/').at(-1)!;
    const before = (await readAll('orders', allServices.orders.publishes[0]!))
      .map((one) => one.id)
      .filter((one) => one < id)
      .at(-1);
    let answered = false;
    const confirmed = await inTransaction(connections.get('orders')!, async (tx) => {
      const page = await allServices.orders.publishes[0]!.lockPage(tx, before ?? null, 1);
      expect(page).toMatchObject([{ id, version: 1 }]);
      const confirmation = send('POST', `${held}/confirmation`).finally(() => (answered = true));
      await eventually(async () => {
        const { rows } = await space
          .pool('orders')
          .query(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          );
        expect(rows).toHaveLength(1);
      });
      expect((await send('GET', held)).status).toBe(200);
      expect((await send('POST', `${free}/confirmation`)).status).toBe(200);
      expect(answered).toBe(false);
      return { confirmation };
    });
    expect((await confirmed.confirmation).status).toBe(200);
  });

  it('tell versions of what they have, and nothing of ids that are none of theirs', async () => {
    const id = (await create('/orders', newOrder)).split('/').at(-1)!;
    const versions = await inTransaction(connections.get('orders')!, (tx) =>
      allServices.orders.publishes[0]!.versions(tx, [
        id,
        'SKU-00 17/ä',
        '019a3c7e-1f00-7000-8000-00000000dead',
      ]),
    );
    expect([...versions]).toEqual([[id, 1]]);
  });

  it('are compared as they are published: the same rows by pages, ids and SQL, whatever the bounds are', async () => {
    for (const { service, source, name } of published) {
      const all = await readAll(service, source);
      const middle = all[Math.floor(all.length / 2)]!.id;
      const compared = source.compared!;
      await inTransaction(connections.get(service)!, async (tx) => {
        expect([name, await compared.readPage(tx, ' ', 1_000)]).toEqual([name, all]);
        expect(await compared.readPage(tx, `${middle}!`, 1_000)).toEqual(all.filter(({ id }) => id > middle));
        expect(await compared.readPage(tx, 'zebra', 1_000)).toEqual([]);
        const ids = ['SKU-1', ...all.map(({ id }) => id)].reverse();
        for (const how of ['locked', 'unlocked'] as const)
          expect(await compared.readThese(tx, ids, how)).toEqual(all);
        const { table, id, version, deleted } = compared.rows(tx);
        const rows: object[] = await tx.query(
          `SELECT ${id}::text AS id, ${version}::int AS version, ${deleted} AS deleted FROM ${table} ORDER BY ${id}`,
        );
        expect(rows).toEqual(
          all.map((one) => ({ id: one.id, version: one.version, deleted: one.data === null })),
        );
      });
    }
  });
});
