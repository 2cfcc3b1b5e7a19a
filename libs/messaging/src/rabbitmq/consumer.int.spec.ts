import amqp, { type Channel, type ChannelModel } from 'amqplib';
import { silentLogger } from '#kernel';
import { createTestSpace, eventually, startFaultyProxy, type FaultyProxy, type TestSpace } from '#testing';
import type { BatchHandler, Consumer } from '../bus.js';
import { busNames, type BusNames, type Topology } from '../topology.js';
import { startConsumer, type ConsumerOptions } from './consumer.js';
import { declareTopology } from './declare-topology.js';

let space: TestSpace;
let names: BusNames;
let topology: Topology;
let proxy: FaultyProxy;
let consumer: Consumer;
let admin: ChannelModel;
let channel: Channel;
/** The bodies of every batch that a handler was called with, in order. */
let batches: string[][];

beforeAll(async () => {
  space = await createTestSpace({ rabbitmq: true });
  names = busNames(space.busPrefix);
  topology = {
    exchanges: [
      { name: names.events, type: 'topic' },
      { name: names.deadLetterExchange, type: 'fanout' },
    ],
    queues: [
      { name: names.deadLetterQueue, bindings: [{ exchange: names.deadLetterExchange, routingKey: '#' }] },
      {
        name: names.projectorQueue,
        bindings: [{ exchange: names.events, routingKey: '#' }],
        deadLetterExchange: names.deadLetterExchange,
        deliveryLimit: 2,
      },
    ],
  };
  admin = await amqp.connect(space.rabbitmqUrl);
});

beforeEach(async () => {
  batches = [];
  channel = await admin.createChannel();
  await declareTopology(channel, topology);
  proxy = await startFaultyProxy(space.rabbitmqUrl);
});

afterEach(async () => {
  await consumer.close();
  await proxy.close();
  await channel.deleteQueue(names.projectorQueue);
  await channel.close();
});

afterAll(async () => {
  await admin.close();
  await space.dispose();
});

function consume(handler: BatchHandler, options: Partial<ConsumerOptions> = {}): void {
  consumer = startConsumer(
    {
      url: proxy.url,
      topology,
      logger: silentLogger,
      queue: names.projectorQueue,
      prefetch: 100,
      maxBatch: 10,
      maxBatchBytes: 1_000_000,
      maxAgeMs: 20,
      retry: { baseMs: 5, maxMs: 20 },
      reconnect: { baseMs: 20, maxMs: 100 },
      ...options,
    },
    async (batch, signal) => {
      batches.push(batch.map(({ body }) => body.toString()));
      await handler(batch, signal);
    },
  );
}

function send(...bodies: string[]): void {
  for (const body of bodies)
    channel.publish(names.events, 'order.X', Buffer.from(body), { messageId: `id-${body}` });
}

/** Batches that end by their count alone: how fast deliveries follow each other on a busy machine is not the test's. */
const byCount = (maxBatch: number): Partial<ConsumerOptions> => ({ maxBatch, maxAgeMs: 60_000 });

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

/** What the broker still holds, ready or unacknowledged: seen by deleting the consumer's claim on it. */
async function leftAfterClose(): Promise<string[]> {
  await consumer.close();
  const left: string[] = [];
  for (;;) {
    const got = await channel.get(names.projectorQueue, { noAck: true });
    if (got === false) return left;
    left.push(got.content.toString());
  }
}

/** A promise and its resolver, for handlers that wait for the test. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe('the consumer', () => {
  it('hands over batches no larger than asked, everything once, and acknowledges them', async () => {
    send(...numbers(95));
    consume(async () => {});
    await eventually(() => expect(batches.flat()).toEqual(numbers(95)));
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(10);
    expect(await leftAfterClose()).toEqual([]);
  });

  it('leaves in the broker what a smaller prefetch does not fetch, loses nothing, and fetches more again', async () => {
    let opened = Promise.resolve();
    consume(() => opened, { prefetch: 40 });
    /** Has the consumer take another size, which it does between two batches. */
    const resize = async (prefetch: number, maxBatch: number): Promise<void> => {
      for (const body of [`before ${prefetch}`, `after ${prefetch}`, `then ${prefetch}`]) {
        send(body);
        await eventually(() => expect(batches.flat()).toContain(body));
        consumer.resize({ prefetch, maxBatch });
      }
    };
    /** Sends 20 while the handler is held, and waits until so many are left in the broker and stay there. */
    const leaves = async (left: number): Promise<() => void> => {
      const held = gate();
      opened = held.opened;
      const handled = batches.length;
      send(...numbers(20));
      await eventually(() => expect(batches.length).toBe(handled + 1));
      await eventually(async () => {
        for (let look = 0; look < 10; look++)
          expect((await channel.checkQueue(names.projectorQueue)).messageCount).toBe(left);
      });
      return held.open;
    };
    await resize(4, 2);
    (await leaves(16))();
    await eventually(() => expect(batches.flat()).toHaveLength(23));
    await resize(40, 10);
    (await leaves(0))();
    await eventually(() => expect(batches.flat()).toHaveLength(46));
    expect(consumer.size).toEqual({ prefetch: 40, maxBatch: 10 });
    expect(await leftAfterClose()).toEqual([]);
  });

  it('tells what it knows of a delivery', async () => {
    send('a');
    const seen: unknown[] = [];
    consume((batch) => Promise.resolve(void seen.push(...batch)));
    await eventually(() =>
      expect(seen).toEqual([
        { body: Buffer.from('a'), routingKey: 'order.X', messageId: 'id-a', redelivered: false },
      ]),
    );
  });

  it('acknowledges nothing before the handler has resolved', async () => {
    const { opened, open } = gate();
    send('a', 'b');
    consume(() => opened, { ...byCount(2), closeDeadlineMs: 0 });
    await eventually(() => expect(batches).toEqual([['a', 'b']]));
    expect(await leftAfterClose()).toEqual(['a', 'b']);
    open();
  });

  it('handles a batch again, without a requeue, until its handler resolves', async () => {
    send('a', 'b');
    let failures = 0;
    const redelivered: boolean[] = [];
    // More often than the queue's delivery limit would allow.
    consume((batch) => {
      redelivered.push(...batch.map((delivery) => delivery.redelivered));
      return ++failures <= 5 ? Promise.reject(new Error('not yet')) : Promise.resolve();
    }, byCount(2));
    await eventually(() => expect(batches).toEqual(Array.from({ length: 6 }, () => ['a', 'b'])));
    expect(redelivered).not.toContain(true);
    expect(await leftAfterClose()).toEqual([]);
  });

  it('never holds more than the prefetch while a handler is busy', async () => {
    const { opened, open } = gate();
    send(...numbers(50));
    consume(() => opened, { prefetch: 10, maxBatch: 5 });
    await eventually(() => expect(batches).toHaveLength(1));
    await eventually(async () =>
      expect((await channel.checkQueue(names.projectorQueue)).messageCount).toBe(40),
    );
    open();
    await eventually(() => expect(batches.flat()).toHaveLength(50));
  });

  it('lets the running batch end when it closes, acknowledges it, and leaves the rest to others', async () => {
    const { opened, open } = gate();
    send(...numbers(15));
    consume(() => opened, byCount(10));
    await eventually(() => expect(batches).toHaveLength(1));
    const left = leftAfterClose();
    open();
    expect(await left).toEqual(numbers(15).slice(10));
    expect(batches).toHaveLength(1);
    expect(consumer.state).toBe('closed');
  });

  it('aborts the handler when closing takes too long', async () => {
    send('a');
    const aborted = gate();
    consume(
      async (_batch, signal) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        aborted.open();
        throw new Error('given up');
      },
      { closeDeadlineMs: 20 },
    );
    await eventually(() => expect(batches).toHaveLength(1));
    expect(await leftAfterClose()).toEqual(['a']);
    await aborted.opened;
  });

  it('does not try a failing batch again once it closes', async () => {
    send('a');
    consume(async () => Promise.reject(new Error('never')), { retry: { baseMs: 60_000, maxMs: 60_000 } });
    await eventually(() => expect(batches).toHaveLength(1));
    const started = performance.now();
    await consumer.close();
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

describe('when the channel is lost under a handler', () => {
  it('aborts its signal, acknowledges nothing of it, and hands the batch over again', async () => {
    const { opened, open } = gate();
    const aborted = gate();
    send('a', 'b');
    let calls = 0;
    let running = 0;
    let most = 0;
    const redelivered: boolean[] = [];
    consume(async (batch, signal) => {
      most = Math.max(most, (running += 1));
      redelivered.push(...batch.map((delivery) => delivery.redelivered));
      if (++calls === 1) {
        signal.addEventListener('abort', aborted.open);
        await opened;
      }
      running -= 1;
    }, byCount(2));
    await eventually(() => expect(batches).toHaveLength(1));
    proxy.cut();
    await aborted.opened;
    await eventually(() => expect(consumer.state).toBe('open'));
    // The handler still runs: its successor waits for it.
    expect(batches).toHaveLength(1);
    open();
    await eventually(() =>
      expect(batches).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ]),
    );
    expect(most).toBe(1);
    expect(redelivered).toEqual([false, false, true, true]);
    expect(await leftAfterClose()).toEqual([]);
  });

  it('comes back after every cut, and sees everything at least once', async () => {
    consume(async () => {}, { maxBatch: 3 });
    for (let round = 0; round < 5; round += 1) {
      await eventually(() => expect(consumer.state).toBe('open'));
      send(...numbers(20).map((n) => `${round}-${n}`));
      await eventually(() => expect(new Set(batches.flat()).size).toBeGreaterThan(round * 20 + 5));
      proxy.cut();
    }
    await eventually(() => expect(new Set(batches.flat()).size).toBe(100));
  });

  it('makes a deleted queue again and consumes from it', async () => {
    consume(async () => {});
    await eventually(() => expect(consumer.state).toBe('open'));
    await channel.deleteQueue(names.projectorQueue);
    await eventually(async () => {
      send('after');
      await eventually(() => expect(batches.flat()).toContain('after'), { timeoutMs: 200 });
    });
  });

  it('notices a broker that vanished without a word, by its heartbeat', async () => {
    const target = new URL(proxy.url);
    target.searchParams.set('heartbeat', '1');
    consume(async () => {}, { url: target.href });
    await eventually(() => expect(consumer.state).toBe('open'));
    proxy.stall();
    await eventually(() => expect(consumer.state).toBe('closed'));
    proxy.resume();
    send('after');
    await eventually(() => expect(batches.flat()).toEqual(['after']));
  });
});

describe('the declared topology', () => {
  it('parks what was delivered too often behind the dead-letter exchange', async () => {
    consume(async () => {});
    await consumer.close();
    send('poison');
    for (let delivery = 0; delivery < 3; delivery += 1) {
      await eventually(async () => {
        const got = await channel.get(names.projectorQueue);
        expect(got).not.toBe(false);
        if (got !== false) channel.nack(got, false, true);
      });
    }
    await eventually(async () => {
      const dead = await channel.get(names.deadLetterQueue, { noAck: true });
      expect(dead).toMatchObject({ content: Buffer.from('poison') });
    });
  });
});
