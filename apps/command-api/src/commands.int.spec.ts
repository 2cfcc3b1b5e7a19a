import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { RunningApp } from '#kernel/http';
import { createTestSpace, type TestSpace } from '#testing';
import { serviceNames } from './config.js';
import {
  ids,
  migrateAll,
  newCustomer,
  newOrder,
  outboxOf,
  sender,
  startTestApp,
  testEnv,
  type Send,
} from './testing/test-app.js';

let space: TestSpace;
let app: RunningApp;
let send: Send;

beforeAll(async () => {
  space = await createTestSpace({ databases: serviceNames });
  await migrateAll(space);
  app = await startTestApp(testEnv(space));
  send = sender(app.url);
});

afterAll(async () => {
  await app?.stop();
  await space?.dispose();
});

async function created(path: string, body: object): Promise<string> {
  const answer = await send('POST', path, body);
  expect(answer).toMatchObject({ status: 201 });
  return String(answer.body['id']);
}

describe('orders', () => {
  it('places an order with the total that the server computes, and says where it is and what was written', async () => {
    const { status, headers, body } = await send('POST', '/orders', newOrder);
    expect(status).toBe(201);
    const id = String(body['id']);
    expect(body).toMatchObject({ ...newOrder, version: 1, status: 'pending', total: 4440, discount: 440 });
    expect(headers.get('location')).toBe(`/orders/${id}`);
    expect(headers.get('prejoin-wrote')).toBe(`order/${id}@1`);
    expect(headers.get('etag')).toBe('"1"');

    const read = await send('GET', `/orders/${id}`);
    expect(read).toMatchObject({ status: 200, body });
    expect(read.headers.get('etag')).toBe('"1"');
    expect((await send('GET', `/orders/${id}`, undefined, { 'if-none-match': '"1"' })).status).toBe(304);
  });

  it('publishes the whole order at every step, in the trace of the request', async () => {
    const id = await created('/orders', newOrder);
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const confirmed = await send('POST', `/orders/${id}/confirmation`, undefined, { traceparent });
    expect(confirmed).toMatchObject({ status: 200, body: { status: 'confirmed', version: 2 } });
    expect(confirmed.headers.get('prejoin-wrote')).toBe(`order/${id}@2`);
    expect(await send('POST', `/orders/${id}/cancellation`)).toMatchObject({
      status: 200,
      body: { status: 'cancelled' },
    });

    const events = await outboxOf(space, 'orders', id);
    expect(events.map(({ name, version, data }) => [name, version, data?.['status']])).toEqual([
      ['OrderPlaced', 1, 'pending'],
      ['OrderConfirmed', 2, 'confirmed'],
      ['OrderCancelled', 3, 'cancelled'],
    ]);
    expect(events[2]!.data).toMatchObject({ id, ...newOrder, total: 4440 });
    expect(events[1]!.traceparent).toMatch(new RegExp(`^00-${traceId}-`));
  });

  it('refuses what the state of the order forbids with a code of its own', async () => {
    const id = await created('/orders', newOrder);
    await send('POST', `/orders/${id}/cancellation`);
    expect(await send('POST', `/orders/${id}/cancellation`)).toMatchObject({
      status: 409,
      body: { code: 'order_cancelled' },
    });
    expect(await send('POST', `/orders/${id}/confirmation`)).toMatchObject({
      status: 409,
      body: { code: 'order_not_pending' },
    });
    expect(await send('POST', '/orders', { ...newOrder, id })).toMatchObject({
      status: 409,
      body: { code: 'order_exists' },
    });
    expect(await send('POST', `/orders/${randomUUID()}/cancellation`)).toMatchObject({
      status: 404,
      body: { code: 'order_not_found' },
    });
    expect(await outboxOf(space, 'orders', id)).toHaveLength(2);
  });

  it('refuses a discount above the total', async () => {
    expect(await send('POST', '/orders', { ...newOrder, discount: 4441 })).toMatchObject({
      status: 422,
      body: { code: 'discount_exceeds_total' },
    });
  });

  it('lists every fault of a body at once, and refuses a body where none belongs', async () => {
    const { status, body } = await send('POST', '/orders', {
      customerId: 'nobody',
      lines: [{ productId: ids.mug, quantity: 0.5, unitPrice: -1, colour: 'red' }],
      total: 1,
    });
    expect(status).toBe(400);
    expect((body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
      '/customerId',
      '/lines/0/colour',
      '/lines/0/quantity',
      '/lines/0/unitPrice',
      '/total',
    ]);
    const id = await created('/orders', newOrder);
    expect(await send('POST', `/orders/${id}/cancellation`, { reason: 'late' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/reason', code: 'unknown_property' }] },
    });
    expect(await send('POST', `/orders/${id}/cancellation`, {})).toMatchObject({ status: 200 });
  });

  it('stores and publishes ids in lower case, since joins compare them as text', async () => {
    const id = randomUUID();
    const body = { ...newOrder, id: id.toUpperCase(), customerId: ids.customer.toUpperCase() };
    expect(await send('POST', '/orders', body)).toMatchObject({
      status: 201,
      body: { id, customerId: ids.customer },
    });
    const [event] = await outboxOf(space, 'orders', id);
    expect(event).toMatchObject({ aggregateId: id, data: { id, customerId: ids.customer } });
    expect(await send('GET', `/orders/${id.toUpperCase()}`)).toMatchObject({ status: 200, body: { id } });
  });
});

describe('customers', () => {
  it('registers, changes profile and tier, and publishes the address flat', async () => {
    const id = await created('/customers', newCustomer);
    const renamed = await send('PATCH', `/customers/${id}`, { name: 'Noor Bakker' });
    expect(renamed).toMatchObject({ status: 200, body: { ...newCustomer, name: 'Noor Bakker', version: 2 } });
    const promoted = await send('PUT', `/customers/${id}/tier`, { tier: 'gold' });
    expect(promoted).toMatchObject({ status: 200, body: { tier: 'gold', version: 3 } });

    const again = await send('PUT', `/customers/${id}/tier`, { tier: 'gold' });
    expect(again).toMatchObject({ status: 200, body: { tier: 'gold', version: 3 } });
    expect(again.headers.get('prejoin-wrote')).toBe(`customer/${id}@3`);

    const events = await outboxOf(space, 'customers', id);
    expect(events.map(({ name }) => name)).toEqual([
      'CustomerRegistered',
      'CustomerProfileChanged',
      'CustomerTierChanged',
    ]);
    expect(events[2]!.data).toMatchObject({
      name: 'Noor Bakker',
      tier: 'gold',
      city: 'Utrecht',
      postalCode: '3511 AM',
    });
  });

  it('closes an account by a deletion with the next version, erases it, and never gives its id to another', async () => {
    const id = await created('/customers', newCustomer);
    const closed = await send('DELETE', `/customers/${id}`);
    expect(closed).toMatchObject({ status: 204, text: '' });
    expect(closed.headers.get('prejoin-wrote')).toBe(`customer/${id}@2`);
    const [, deletion] = await outboxOf(space, 'customers', id);
    expect(deletion).toMatchObject({ name: 'CustomerAccountClosed', version: 2, deleted: true, data: null });

    expect(await send('GET', `/customers/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'customer_not_found' },
    });
    expect((await send('DELETE', `/customers/${id}`)).status).toBe(404);
    expect((await send('PATCH', `/customers/${id}`, { name: 'x' })).status).toBe(404);
    expect(await send('POST', '/customers', { ...newCustomer, id })).toMatchObject({
      status: 409,
      body: { code: 'customer_exists' },
    });
    const { rows } = await space.pool('customers').query('SELECT * FROM customer WHERE id = $1', [id]);
    expect(JSON.stringify(rows)).not.toMatch(/Noor|noor|Oudegracht/);
  });

  it('refuses a change of nothing', async () => {
    const id = await created('/customers', newCustomer);
    expect(await send('PATCH', `/customers/${id}`, {})).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
  });
});

describe('catalog', () => {
  it('adds a product together with its stock, as two aggregates', async () => {
    const answer = await send('POST', '/products', { sku: 'MUG-1', name: 'Mug', price: 1995 });
    const id = String(answer.body['id']);
    expect(answer.headers.get('prejoin-wrote')).toBe(`product/${id}@1, stock/${id}@1`);
    expect(await send('GET', `/products/${id}/stock`)).toMatchObject({
      status: 200,
      body: { id, onHand: 0, version: 1 },
    });
    expect(await send('POST', '/products', { sku: 'MUG-1', name: 'Other', price: 1 })).toMatchObject({
      status: 409,
      body: { code: 'sku_taken' },
    });
  });

  it('gives a new name and a new price in one command two versions', async () => {
    const id = await created('/products', { sku: 'MUG-2', name: 'Mug', price: 1995 });
    const answer = await send('PATCH', `/products/${id}`, { name: 'Cup', price: 1495 });
    expect(answer).toMatchObject({ status: 200, body: { name: 'Cup', price: 1495, version: 3 } });
    expect(answer.headers.get('prejoin-wrote')).toBe(`product/${id}@2, product/${id}@3`);
    const events = (await outboxOf(space, 'catalog', id)).filter(({ source }) => source === 'product');
    expect(events.map(({ name, version, data }) => [name, version, data?.['price']])).toEqual([
      ['ProductAdded', 1, 1995],
      ['ProductRenamed', 2, 1995],
      ['ProductPriceChanged', 3, 1495],
    ]);
  });

  it('adjusts stock by its own version, never below nought, and keeps the reason', async () => {
    const id = await created('/products', { sku: 'MUG-3', name: 'Mug', price: 1995 });
    const adjust = (delta: number) =>
      send('POST', `/products/${id}/stock-adjustments`, { delta, reason: 'count' });
    expect(await adjust(5)).toMatchObject({ status: 200, body: { id, onHand: 5, version: 2 } });
    expect(await adjust(-6)).toMatchObject({ status: 409, body: { code: 'stock_insufficient' } });
    expect(await adjust(0)).toMatchObject({ status: 400 });
    expect(await adjust(-5)).toMatchObject({ status: 200, body: { onHand: 0, version: 3 } });
    expect((await send('GET', `/products/${id}`)).body).toMatchObject({ version: 1 });
    const { rows } = await space
      .pool('catalog')
      .query('SELECT delta::int, reason FROM stock_adjustment WHERE product_id = $1 ORDER BY version', [id]);
    expect(rows).toEqual([
      { delta: 5, reason: 'count' },
      { delta: -5, reason: 'count' },
    ]);
  });

  it('discontinues a product once; it can be read but not changed', async () => {
    const id = await created('/products', { sku: 'MUG-4', name: 'Mug', price: 1995 });
    for (let i = 0; i < 2; i += 1) {
      expect(await send('DELETE', `/products/${id}`)).toMatchObject({
        status: 200,
        body: { discontinued: true, version: 2 },
      });
    }
    expect(await send('PATCH', `/products/${id}`, { price: 1 })).toMatchObject({
      status: 409,
      body: { code: 'product_discontinued' },
    });
    expect(await send('GET', `/products/${id}`)).toMatchObject({ status: 200, body: { discontinued: true } });
  });
});

describe('payments', () => {
  it('authorizes, captures and refunds, and forbids each out of turn', async () => {
    const orderId = randomUUID();
    const id = await created('/payments', { orderId, amount: 4000 });
    const act = (what: string) => send('POST', `/payments/${id}/${what}`);
    expect(await act('refund')).toMatchObject({ status: 409, body: { code: 'payment_not_paid' } });
    const paid = await act('capture');
    expect(paid).toMatchObject({ status: 200, body: { status: 'paid', refundedAt: null, version: 2 } });
    expect(paid.body['paidAt']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(await act('capture')).toMatchObject({ status: 409, body: { code: 'payment_not_due' } });
    expect(await act('refund')).toMatchObject({
      status: 200,
      body: { status: 'refunded', paidAt: paid.body['paidAt'] },
    });
    expect(await send('GET', `/payments/${id}`)).toMatchObject({
      status: 200,
      body: { status: 'refunded', amount: 4000 },
    });
    expect(await send('POST', '/payments', { orderId, amount: 1 })).toMatchObject({
      status: 409,
      body: { code: 'order_has_payment' },
    });
  });
});

describe('shipping', () => {
  it('creates, dispatches and delivers, and forbids each out of turn', async () => {
    const orderId = randomUUID();
    const id = await created('/shipments', { orderId, carrier: 'PostNL' });
    const path = `/shipments/${id}`;
    expect(await send('POST', `${path}/delivery`)).toMatchObject({
      status: 409,
      body: { code: 'shipment_not_shipped' },
    });
    const shipped = await send('POST', `${path}/dispatch`, { trackingCode: '3S1' });
    expect(shipped).toMatchObject({
      status: 200,
      body: { status: 'shipped', trackingCode: '3S1', deliveredAt: null },
    });
    expect(await send('POST', `${path}/dispatch`, { trackingCode: '3S2' })).toMatchObject({
      status: 409,
      body: { code: 'shipment_dispatched' },
    });
    expect(await send('POST', `${path}/delivery`)).toMatchObject({
      status: 200,
      body: { status: 'delivered', version: 3 },
    });
    expect((await outboxOf(space, 'shipping', id)).map(({ name }) => name)).toEqual([
      'ShipmentCreated',
      'ShipmentDispatched',
      'ShipmentDelivered',
    ]);
    expect(await send('POST', '/shipments', { orderId, carrier: 'DHL' })).toMatchObject({
      status: 409,
      body: { code: 'order_has_shipment' },
    });
  });
});

type Responses = Readonly<
  Record<string, { content?: Record<string, { schema: { example?: Record<string, unknown> } }> }>
>;

function exampleOfAnswer(responses: Responses): Readonly<Record<string, unknown>> | undefined {
  return (responses['201'] ?? responses['200'])?.content?.['application/json']?.schema.example;
}

/** Names with the kind of their values, so that a member that changed its form shows as well. */
function membersOf(body: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  return Object.entries(body ?? {})
    .map(([name, value]) => `${name}: ${value === null ? 'null' : typeof value}`)
    .sort();
}

describe('the documentation', () => {
  it('has an example for every body that is sent, which is accepted, and for its answer, which has the same members', async () => {
    const document = app.openapi;
    const bodies = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(
        methods as Record<
          string,
          { requestBody?: { content: Record<string, { schema: Example }> }; responses: Responses }
        >,
      ).flatMap(([method, { requestBody, responses }]) =>
        requestBody === undefined
          ? []
          : [
              {
                path,
                method,
                schema: requestBody.content['application/json']!.schema,
                answered: exampleOfAnswer(responses),
              },
            ],
      ),
    );
    type Example = { example?: unknown };
    expect(bodies.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'patch /customers/{id}',
      'patch /products/{id}',
      'post /customers',
      'post /orders',
      'post /payments',
      'post /products',
      'post /products/{id}/stock-adjustments',
      'post /shipments',
      'post /shipments/{id}/dispatch',
      'put /customers/{id}/tier',
    ]);
    const customer = await created('/customers', newCustomer);
    const product = await created('/products', { sku: 'DOC-1', name: 'Mug', price: 1 });
    const shipment = await created('/shipments', { orderId: randomUUID(), carrier: 'DPD' });
    const idOf = { customers: customer, products: product, shipments: shipment } as Record<string, string>;
    for (const { path, method, schema, answered } of bodies) {
      const url = path.replace('{id}', idOf[path.split('/')[1]!]!);
      const answer = await send(method.toUpperCase() as 'POST', url, schema.example);
      expect({ path, method, answer: answer.text, ok: answer.status < 300 }).toMatchObject({ ok: true });
      expect({ path, method, members: membersOf(answer.body) }).toEqual({
        path,
        method,
        members: membersOf(answered),
      });
    }
  });

  it('has an example for every answer that has a body', () => {
    const without = Object.entries(app.openapi.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, { responses: Responses }>)
        .filter(([, { responses }]) => !('204' in responses) && exampleOfAnswer(responses) === undefined)
        .map(([method]) => `${method} ${path}`),
    );
    expect(without).toEqual([]);
  });

  it('names headers, problems and ids of every command', () => {
    for (const [path, methods] of Object.entries(app.openapi.paths)) {
      for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
        const at = `${method} ${path}`;
        const parameters = operation.parameters.map(({ name }) => name);
        expect({ at, id: parameters.filter((name) => name === 'id').length }).toEqual({
          at,
          id: path.includes('{id}') ? 1 : 0,
        });
        expect({ at, key: parameters.includes('Idempotency-Key') }).toEqual({ at, key: method === 'post' });
        expect(Object.keys(operation.responses)).toContain('400');
        expect(operation.summary).toBeTruthy();
      }
    }
    interface Operation {
      readonly summary?: string;
      readonly parameters: readonly { readonly name: string }[];
      readonly responses: Readonly<Record<string, unknown>>;
    }
  });
});

describe('what was written', () => {
  it('has the epoch of its source once that is above the first', async () => {
    await space.pool('shipping').query(
      `INSERT INTO source_epoch (source, epoch) VALUES ('shipment', 2)
         ON CONFLICT (source) DO UPDATE SET epoch = 2`,
    );
    const answer = await send('POST', '/shipments', { orderId: randomUUID(), carrier: 'DPD' });
    expect(answer.headers.get('prejoin-wrote')).toBe(`shipment/${String(answer.body['id'])}@2.1`);
  });
});
