import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import amqp, { type ChannelModel } from 'amqplib';
import { newId, silentLogger } from '#kernel';
import { createTestSpace, eventually, startFaultyProxy, type TestSpace } from '#testing';
import { encodeEnvelope } from '../envelope-codec.js';
import { busNames } from '../topology.js';
import { tailEvents, type Tail, type TailedEvent, type TailOptions } from './tail.js';

let space: TestSpace;
let admin: ChannelModel;

beforeAll(async () => {
  space = await createTestSpace({ rabbitmq: true });
  admin = await amqp.connect(space.rabbitmqUrl);
});
afterAll(async () => {
  await admin.close();
  await space.dispose();
});

async function publish(source: string, ids: readonly string[]): Promise<void> {
  const channel = await admin.createConfirmChannel();
  for (const aggregateId of ids)
    channel.publish(
      busNames(space.busPrefix).events,
      `${source}.Changed`,
      encodeEnvelope({
        id: newId(),
        name: 'Changed',
        source,
        aggregateId,
        epoch: 0,
        version: 1,
        deleted: false,
        occurredAt: '2026-01-01T00:00:00.000Z',
        traceparent: null,
        data: { id: aggregateId },
      }),
    );
  await channel.waitForConfirms();
  await channel.close();
}

interface Seen {
  readonly tail: Tail;
  readonly ids: string[];
  dropped: number;
  reconnected: number;
}

async function watch(options: Partial<TailOptions> = {}): Promise<Seen> {
  const ids: string[] = [];
  const seen = { ids, dropped: 0, reconnected: 0 };
  const tail = tailEvents({
    url: space.rabbitmqUrl,
    busPrefix: space.busPrefix,
    sources: [],
    logger: silentLogger,
    reconnect: { baseMs: 10, maxMs: 50 },
    onEvent: (event) => Promise.resolve(void ids.push(idOf(event))),
    onGap: (gap) => {
      if ('dropped' in gap) seen.dropped += gap.dropped;
      else seen.reconnected += 1;
    },
    ...options,
  });
  await eventually(() => expect(tail.state).toBe('open'));
  return Object.assign(seen, { tail });
}

function idOf(event: TailedEvent): string {
  return 'envelope' in event ? event.envelope.aggregateId : `fault ${event.routingKey}`;
}

const numbers = (from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${from + at}`);

describe('watching events', () => {
  it('shows those of the sources that are named, in their order, to each who watches, and messages that are none', async () => {
    const [all, orders] = [await watch(), await watch({ sources: ['order', 'payment'] })];
    try {
      await publish('order', ['1', '2']);
      await publish('customer', ['3']);
      await publish('payment', ['4']);
      const channel = await admin.createChannel();
      channel.publish(busNames(space.busPrefix).events, 'order.Broken', Buffer.from('{'));
      await eventually(() => expect(all.ids).toEqual(['1', '2', '3', '4', 'fault order.Broken']));
      await eventually(() => expect(orders.ids).toEqual(['1', '2', '4', 'fault order.Broken']));
      await channel.close();
    } finally {
      await all.tail.close();
      await orders.tail.close();
    }
  });

  it('that stands still holds a bounded number at the broker, loses the oldest and is told how many', async () => {
    const held = Promise.withResolvers<void>();
    const ids: string[] = [];
    const seen = await watch({
      maxWaiting: 20,
      prefetch: 5,
      onEvent: async (event) => {
        ids.push(idOf(event));
        await held.promise;
      },
    });
    try {
      await publish('order', numbers(0, 100));
      await eventually(() => expect(seen.dropped).toBe(75));
      held.resolve();
      await eventually(() => expect(ids).toEqual([...numbers(0, 5), ...numbers(80, 20)]));
    } finally {
      held.resolve();
      await seen.tail.close();
    }
  });

  it('comes back when the connection is lost, says so, and leaves no queue behind', async () => {
    const proxy = await startFaultyProxy(space.rabbitmqUrl);
    const seen = await watch({ url: proxy.url });
    try {
      await publish('order', ['before']);
      await eventually(() => expect(seen.ids).toEqual(['before']));
      proxy.cut();
      await eventually(() => expect([seen.reconnected, seen.tail.state]).toEqual([1, 'open']));
      await publish('order', ['after']);
      await eventually(() => expect(seen.ids).toEqual(['before', 'after']));
    } finally {
      await seen.tail.close();
      await proxy.close();
    }
  });
});
