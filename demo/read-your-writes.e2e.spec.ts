import { createClient } from '#client';
import { orderSearch } from '#commerce';
import { newId } from '#kernel';
import { eventually } from '#testing';
import { testInstallation, type TestInstallation } from './testing.js';
import { command, operations, readAll, type Written } from './testing/own-writes.js';

/** `READ_YOUR_WRITES_ROUNDS=500` proves more, and takes longer. */
const ROUNDS = Number(process.env['READ_YOUR_WRITES_ROUNDS'] ?? 15);
/** The lag as a number, or null while it could not be read in time, as on a busy machine; left out it would be undefined. */
const toldOrUnknown = {
  asymmetricMatch: (lagMs: unknown) => lagMs === null || typeof lagMs === 'number',
  toString: () => 'Number or null',
};
const PEOPLE = 6;
const ORDERS_OF_ONE = 12;

describe('reading what was just written, through a whole installation', () => {
  let apps: TestInstallation;
  let products: readonly string[];

  beforeAll(async () => {
    apps = await testInstallation();
    await apps.startAll();
    products = await Promise.all(
      ['lamp', 'chair'].map(
        async (name) => (await write('POST', '/products', { sku: newId(), name, price: 1_000 })).id,
      ),
    );
  }, 120_000);
  afterAll(async () => {
    await apps.dispose();
  }, 60_000);

  const write = (method: string, path: string, body?: object): Promise<Written> =>
    command(apps.commandUrl, method, path, body);
  const register = (name: string): Promise<Written> =>
    write('POST', '/customers', {
      name,
      email: `${newId()}@example.com`,
      address: { street: 'Canal 1', postalCode: '1011 AA', city: 'Utrecht', country: 'NL' },
    });
  const place = (customerId: string): Promise<Written> => {
    const lines = products.map((productId) => ({ productId, quantity: 2, unitPrice: 500 }));
    return write('POST', '/orders', { customerId, lines });
  };
  const read = (after: string | null, order: string, customerName: string) =>
    readAll(apps.queryUrl, { after, order, customerName });

  it('finds a new order by every operation at once, every time', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const name = `Anna ${newId()}`;
      const customer = await register(name);
      const order = await place(customer.id);
      const seen = await read(`${customer.wrote}, ${order.wrote}`, order.id, name);
      expect(seen).toEqual(allOf({ orders: 1, after: 'included' }));
    }
  }, 120_000);

  it('finds all orders of a customer by the new name at once, by every operation, every time', async () => {
    // Several, since a document that changes all the time rests a second between its builds.
    const people: { readonly customer: Written; readonly orders: readonly Written[] }[] = [];
    for (let person = 0; person < PEOPLE; person++) {
      const customer = await register(`Before ${newId()}`);
      const placed = Array.from({ length: ORDERS_OF_ONE }, () => place(customer.id));
      people.push({ customer, orders: await Promise.all(placed) });
    }
    for (let round = 0; round < ROUNDS; round++) {
      const { customer, orders } = people[round % PEOPLE] as (typeof people)[number];
      const [order] = orders as [Written];
      const name = `Renamed ${newId()}`;
      const renamed = await write('PATCH', `/customers/${customer.id}`, { name });
      const written = [renamed, ...(round < PEOPLE ? orders : [])].map(({ wrote }) => wrote);
      expect(await read(written.join(', '), order.id, name)).toEqual(
        allOf({ orders: ORDERS_OF_ONE, after: 'included' }),
      );
    }
  }, 120_000);

  it('is carried by the typed client itself, from its commands to all of its reads', async () => {
    const client = createClient({ baseUrl: apps.queryUrl, wait: 10 });
    const orders = client.view(orderSearch);
    const send = (method: string, path: string, body: object): Promise<Response> =>
      client.fetch(`${apps.commandUrl}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    for (let round = 0; round < 10; round++) {
      const customer = await register(`Before ${newId()}`);
      const order = await place(customer.id);
      const name = `Carried ${newId()}`;
      const renamed = await send('PATCH', `/customers/${customer.id}`, { name });
      expect(renamed.status).toBe(200);
      client.noteWrites(order.wrote);
      expect(orders.pendingWrites()).toHaveLength(2);
      expect((await orders.get(order.id))?.document.customer?.name).toBe(name);
      expect((await orders.getMany([order.id])).data[0]?.customer?.name).toBe(name);
      // What a get says of one document must not keep searches from asking.
      expect((await orders.search({ where: { 'customer.name': name } })).freshness.after).toBe('included');
      expect(orders.pendingWrites()).toEqual([]);
      const { data, freshness } = await orders.search({ where: { 'customer.name': name } });
      expect([data.map(({ id }) => id), freshness.after]).toEqual([[order.id], undefined]);
      expect((await orders.stats({ where: { 'customer.name': name } })).groups[0]?.count).toBe(1);
      for await (const { id } of orders.export({ where: { 'customer.name': name } }))
        expect(id).toBe(order.id);
    }
  }, 60_000);

  it('sees the customer of every order, and the orders of every customer, that an order is moved from and to', async () => {
    const customer = await register(`Overview ${newId()}`);
    for (let orders = 1; orders <= 5; orders++) {
      const { wrote } = await place(customer.id);
      const answer = await fetch(`${apps.queryUrl}/views/customer-overview/${customer.id}`, {
        headers: { 'prejoin-after': `${customer.wrote}, ${wrote}` },
      });
      expect(answer.headers.get('prejoin-after')).toBe('included');
      expect(await answer.json()).toMatchObject({ orders });
    }
  }, 60_000);

  it('tells how far it is behind, and waits for nothing when it is not asked to', async () => {
    await eventually(async () => {
      const seen = await read(null, newId(), 'nobody');
      expect(Object.fromEntries(operations.map((operation) => [operation, seen[operation]?.lagMs]))).toEqual(
        Object.fromEntries(operations.map((operation) => [operation, 0])),
      );
    });
    const unheard = await read(null, newId(), 'nobody');
    expect(unheard).toEqual(allOf({ orders: 0, after: undefined }));
  });

  it('says that it could not wait long enough while the projector is stopped, in the time that was asked for', async () => {
    await apps.app('projector').stop();
    const name = `Late ${newId()}`;
    const customer = await register(name);
    const order = await place(customer.id);
    const begunAt = performance.now();
    const seen = await readAll(apps.queryUrl, {
      after: `${customer.wrote}, ${order.wrote}`,
      order: order.id,
      customerName: name,
      prefer: 'wait=1',
    });
    const tookMs = performance.now() - begunAt;
    expect(seen).toEqual(allOf({ orders: 0, after: 'timeout' }));
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(3_000);

    const missing = await fetch(`${apps.queryUrl}/views/order-search/${order.id}`, {
      headers: { 'prejoin-after': order.wrote, prefer: 'wait=0.1' },
    });
    expect(missing.status).toBe(404);
    expect(missing.headers.get('retry-after')).toBe('1');
    expect(await missing.json()).toMatchObject({ code: 'not_found', freshness: { after: 'timeout' } });

    const waiting = readAll(apps.queryUrl, {
      after: `${customer.wrote}, ${order.wrote}`,
      order: order.id,
      customerName: name,
      prefer: 'wait=10',
    });
    apps.start('projector');
    expect(await waiting).toEqual(allOf({ orders: 1, after: 'included' }));
  }, 60_000);

  /** What every operation should have seen. */
  function allOf(expected: { readonly orders: number; readonly after: string | undefined }): object {
    const { orders, after } = expected;
    return Object.fromEntries(
      operations.map((operation) => [
        operation,
        {
          orders: operation === 'get' || operation === 'batch' ? Math.min(1, orders) : orders,
          after,
          lagMs: toldOrUnknown,
        },
      ]),
    );
  }
});
