import amqp, { type Channel, type ChannelModel } from 'amqplib';
import { newId, silentLogger } from '#kernel';
import { createTestSpace, eventually, startFaultyProxy, type FaultyProxy, type TestSpace } from '#testing';
import type { OutgoingMessage, Publisher, PublishOutcome } from '../bus.js';
import { busNames, type BusNames, type Topology } from '../topology.js';
import { connectPublisher, type PublisherOptions } from './publisher.js';

let space: TestSpace;
let names: BusNames;
let topology: Topology;
let proxy: FaultyProxy;
let publisher: Publisher;
/** The test's own eyes and hands on the broker. */
let admin: ChannelModel;
let channel: Channel;

beforeAll(async () => {
  space = await createTestSpace({ rabbitmq: true });
  names = busNames(space.busPrefix);
  topology = {
    exchanges: [{ name: names.events, type: 'topic' }],
    queues: [{ name: names.projectorQueue, bindings: [{ exchange: names.events, routingKey: 'order.*' }] }],
  };
  admin = await amqp.connect(space.rabbitmqUrl);
});

beforeEach(async () => {
  channel = await admin.createChannel();
  proxy = await startFaultyProxy(space.rabbitmqUrl);
});

afterEach(async () => {
  await publisher.close();
  await proxy.close();
  await channel.deleteQueue(names.projectorQueue);
  await channel.deleteExchange(names.events);
  await channel.close();
});

afterAll(async () => {
  await admin.close();
  await space.dispose();
});

async function connected(options: Partial<PublisherOptions> = {}): Promise<Publisher> {
  publisher = connectPublisher({
    url: proxy.url,
    exchange: names.events,
    topology,
    logger: silentLogger,
    reconnect: { baseMs: 20, maxMs: 100 },
    ...options,
  });
  await open();
  return publisher;
}

async function open(): Promise<void> {
  await eventually(() => expect(publisher.state).toBe('open'));
}

function message(body: string | Buffer = 'x', routingKey = 'order.OrderPlaced'): OutgoingMessage {
  return { id: newId(), routingKey, body: Buffer.from(body) };
}

function kinds(outcomes: readonly PublishOutcome[]): string[] {
  return outcomes.map(({ kind }) => kind);
}

async function received(): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const got = await channel.get(names.projectorQueue, { noAck: true });
    if (got === false) return bodies;
    bodies.push(got.content.toString());
  }
}

describe('the publisher', () => {
  it('confirms what reached a queue, in the order given, with id and persistence', async () => {
    await connected();
    const messages = ['a', 'b', 'c'].map((body) => message(body));
    expect(kinds(await publisher.publish(messages))).toEqual(['confirmed', 'confirmed', 'confirmed']);

    const got = await channel.get(names.projectorQueue, { noAck: true });
    expect(got).toMatchObject({ properties: { messageId: messages[0]!.id, deliveryMode: 2 } });
    expect(await received()).toEqual(['b', 'c']);
  });

  it('answers nothing for nothing', async () => {
    await connected();
    expect(await publisher.publish([])).toEqual([]);
  });

  it('tells the one message that no queue takes from its ninety-nine neighbours', async () => {
    await connected();
    const messages = Array.from({ length: 100 }, (_, i) =>
      message(`${i}`, i === 42 ? 'nobody.listens' : 'order.OrderPlaced'),
    );
    const outcomes = await publisher.publish(messages);
    expect(outcomes[42]).toEqual({
      kind: 'returned',
      reason: expect.stringMatching(/312 NO_ROUTE .*nobody\.listens/) as string,
    });
    expect(kinds(outcomes).filter((kind) => kind === 'confirmed')).toHaveLength(99);
    expect(await received()).toHaveLength(99);
  });

  it('tells apart two messages with the same id', async () => {
    await connected();
    const first = message('a', 'nobody.listens');
    expect(kinds(await publisher.publish([first, { ...first, routingKey: 'order.X' }]))).toEqual([
      'returned',
      'confirmed',
    ]);
  });

  it('holds no more than the window unconfirmed, and still sends everything', async () => {
    await connected({ window: 7 });
    const outcomes = await publisher.publish(Array.from({ length: 500 }, (_, i) => message(`${i}`)));
    expect(new Set(kinds(outcomes))).toEqual(new Set(['confirmed']));
    expect(await received()).toEqual(Array.from({ length: 500 }, (_, i) => `${i}`));
  });

  it('goes on after the channel buffer was full', async () => {
    await connected({ window: 100_000 });
    const large = Buffer.alloc(20_000, 'x');
    const outcomes = await publisher.publish(Array.from({ length: 2_000 }, () => message(large)));
    expect(new Set(kinds(outcomes))).toEqual(new Set(['confirmed']));
  });

  it('names a message that can not be put into frames, and sends the others', async () => {
    await connected();
    const outcomes = await publisher.publish([
      message('a'),
      message('b', `order.${'x'.repeat(300)}`),
      message('c'),
    ]);
    expect(kinds(outcomes)).toEqual(['confirmed', 'nacked', 'confirmed']);
    expect(await received()).toEqual(['a', 'c']);
  });

  it('answers nacked when the broker refuses', async () => {
    await connected();
    await channel.deleteQueue(names.projectorQueue);
    // A classic queue, since a quorum queue lets more in than its limit.
    const full = `${names.projectorQueue}-full`;
    await channel.assertQueue(full, {
      maxLength: 1,
      arguments: { 'x-overflow': 'reject-publish' },
      autoDelete: true,
    });
    await channel.bindQueue(full, names.events, 'order.*');
    expect(kinds(await publisher.publish([message('a'), message('b')]))).toEqual(['confirmed', 'nacked']);
    await channel.deleteQueue(full);
  });
});

describe('when the broker is lost', () => {
  it('answers unknown at once before it was ever reached, and connects when it can', async () => {
    proxy.refuse();
    publisher = connectPublisher({
      url: proxy.url,
      exchange: names.events,
      topology,
      logger: silentLogger,
      reconnect: { baseMs: 20, maxMs: 50 },
    });
    expect(publisher.state).toBe('closed');
    expect(kinds(await publisher.publish([message()]))).toEqual(['unknown']);
    proxy.accept();
    await open();
    expect(kinds(await publisher.publish([message()]))).toEqual(['confirmed']);
  });

  it('leaves what is on its way without outcome, reconnects and declares the topology again', async () => {
    await connected();
    proxy.stall();
    const outcomes = publisher.publish([message('a'), message('b')]);
    await channel.deleteExchange(names.events);
    await channel.deleteQueue(names.projectorQueue);
    proxy.cut();
    proxy.resume();
    expect(kinds(await outcomes)).toEqual(['unknown', 'unknown']);
    expect(publisher.state).toBe('closed');
    await open();
    expect(kinds(await publisher.publish([message('c')]))).toEqual(['confirmed']);
    expect(await received()).toEqual(['c']);
  });

  it('answers unknown to all when the exchange is gone, and makes it again', async () => {
    await connected();
    await channel.deleteExchange(names.events);
    const outcomes = await publisher.publish(['a', 'b', 'c'].map((body) => message(body)));
    expect(new Set(kinds(outcomes))).toEqual(new Set(['unknown']));
    expect(outcomes[0]).toMatchObject({ reason: expect.stringContaining('NOT_FOUND') as string });
    await open();
    expect(kinds(await publisher.publish([message('d')]))).toEqual(['confirmed']);
  });

  it('gives up at the deadline when the broker stands still, and comes back on a new connection', async () => {
    await connected({ confirmDeadlineMs: 200 });
    const before = proxy.connections;
    proxy.stall();
    const started = performance.now();
    const outcomes = await publisher.publish([message('a')]);
    expect(outcomes).toEqual([{ kind: 'unknown', reason: 'no confirm within 200 ms' }]);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(publisher.state).toBe('closed');
    proxy.resume();
    await open();
    expect(proxy.connections).toBeGreaterThan(before);
    expect(kinds(await publisher.publish([message('b')]))).toEqual(['confirmed']);
  });

  it('closes although it is connecting to a server that does not answer', async () => {
    proxy.stall();
    publisher = connectPublisher({ url: proxy.url, exchange: names.events, topology, logger: silentLogger });
    await eventually(() => expect(proxy.connections).toBe(1));
    const started = performance.now();
    await publisher.close();
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('goes on trying when the topology can not be declared, and works when it can', async () => {
    await channel.assertQueue(names.projectorQueue, { durable: true });
    publisher = connectPublisher({
      url: proxy.url,
      exchange: names.events,
      topology,
      logger: silentLogger,
      reconnect: { baseMs: 5, maxMs: 10 },
    });
    await eventually(() => expect(proxy.connections).toBeGreaterThan(2));
    expect(publisher.state).toBe('closed');
    await channel.deleteQueue(names.projectorQueue);
    await open();
  });
});
