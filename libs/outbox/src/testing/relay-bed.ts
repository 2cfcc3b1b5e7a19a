import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import amqp, { type Channel, type ChannelModel } from 'amqplib';
import type { Pool } from 'pg';
import { newId, silentLogger } from '#kernel';
import { busNames, connectPublisher, type BusNames, type Publisher, type Topology } from '#messaging';
import { createTestSpace, eventually, startFaultyProxy, type FaultyProxy, type TestSpace } from '#testing';
import { outboxTables } from '../tables.js';
import type { RelayMetrics } from '../relay/metrics.js';
import { startRelay, type Relay, type RelayOptions } from '../relay/relay.js';

export interface TestEvent {
  readonly id: string;
  readonly routingKey: string;
  readonly body: string;
}

export function event(change: Partial<TestEvent> = {}): TestEvent {
  return { id: newId(), routingKey: 'order.OrderPlaced', body: '{}', ...change };
}

/** Fills the outbox as `append` does, for tests that are about what comes after it. */
export async function insertEvents(into: Pick<Pool, 'query'>, events: readonly TestEvent[]): Promise<void> {
  await into.query(
    `INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
     SELECT id, 'order', id::text, 'OrderPlaced', 0, 1, key, convert_to(body, 'UTF8')
     FROM unnest($1::uuid[], $2::text[], $3::text[]) AS e (id, key, body)`,
    [events.map(({ id }) => id), events.map(({ routingKey }) => routingKey), events.map(({ body }) => body)],
  );
}

export function idsOf(events: readonly TestEvent[]): string[] {
  return events.map(({ id }) => id).sort();
}

/** Metrics that a test can read. */
export function counting(): RelayMetrics & { readonly counts: Record<keyof RelayMetrics, number> } {
  const counts = { relayed: 0, returned: 0, nacked: 0, unknown: 0, deadLettered: 0 };
  const add = (what: keyof RelayMetrics) => (messages: number) => void (counts[what] += messages);
  return {
    counts,
    relayed: add('relayed'),
    returned: add('returned'),
    nacked: add('nacked'),
    unknown: add('unknown'),
    deadLettered: add('deadLettered'),
  };
}

/** The publisher `inner` with another way to publish. */
export function around(inner: Publisher, publish: Publisher['publish']): Publisher {
  return {
    get state() {
      return inner.state;
    },
    publish,
    close: () => inner.close(),
  };
}

/** Gives a spec file an outbox in a database of its own, and before each test an empty one, a queue and a publisher. */
export function useRelayBed(): RelayBed {
  const bed = new RelayBed();
  beforeAll(() => bed.open());
  beforeEach(() => bed.begin());
  afterEach(() => bed.end());
  afterAll(() => bed.dispose());
  return bed;
}

export class RelayBed {
  space!: TestSpace;
  pool!: Pool;
  names!: BusNames;
  /** Between the relay and the broker. */
  proxy!: FaultyProxy;
  /** The test's own, past the proxy. */
  channel!: Channel;
  publisher!: Publisher;
  /** The message id of everything that reached the queue, duplicates included. */
  arrived: string[] = [];
  #admin!: ChannelModel;
  #topology!: Topology;
  #relays: Relay[] = [];
  #publishers: Publisher[] = [];

  async open(): Promise<void> {
    this.space = await createTestSpace({ databases: ['orders'], rabbitmq: true });
    this.pool = this.space.pool('orders');
    for (const { sql } of outboxTables) await this.pool.query(sql);
    this.names = busNames(this.space.busPrefix);
    this.#topology = {
      exchanges: [{ name: this.names.events, type: 'topic' }],
      queues: [
        {
          name: this.names.projectorQueue,
          bindings: [{ exchange: this.names.events, routingKey: 'order.*' }],
        },
      ],
    };
    this.#admin = await amqp.connect(this.space.rabbitmqUrl);
  }

  async begin(): Promise<void> {
    await this.pool.query('TRUNCATE outbox, outbox_dead_letter, outbox_control, relay_process');
    this.proxy = await startFaultyProxy(this.space.rabbitmqUrl);
    this.publisher = this.connect();
    await eventually(() => expect(this.publisher.state).toBe('open'));
    this.arrived = [];
    this.channel = await this.#admin.createChannel();
    await this.channel.consume(
      this.names.projectorQueue,
      (message) => message && this.arrived.push(message.properties.messageId as string),
      { noAck: true },
    );
  }

  async end(): Promise<void> {
    await Promise.all(this.#relays.splice(0).map((relay) => relay.close(0)));
    await Promise.all(this.#publishers.splice(0).map((publisher) => publisher.close()));
    await this.proxy.close();
    await this.channel.deleteQueue(this.names.projectorQueue);
    await this.channel.close();
  }

  async dispose(): Promise<void> {
    await this.#admin.close();
    await this.space.dispose();
  }

  connect(confirmDeadlineMs = 10_000): Publisher {
    const publisher = connectPublisher({
      url: this.proxy.url,
      exchange: this.names.events,
      topology: this.#topology,
      logger: silentLogger,
      reconnect: { baseMs: 10, maxMs: 50 },
      confirmDeadlineMs,
    });
    this.#publishers.push(publisher);
    return publisher;
  }

  relay(options: Partial<RelayOptions> = {}): Relay {
    const relay = startRelay({
      pool: this.pool,
      publisher: this.publisher,
      logger: silentLogger,
      pollMs: 50,
      maxAttempts: 3,
      retry: { baseMs: 20, maxMs: 50 },
      ...options,
    });
    this.#relays.push(relay);
    return relay;
  }

  insert(events: readonly TestEvent[], into: Pick<Pool, 'query'> = this.pool): Promise<void> {
    return insertEvents(into, events);
  }

  async rowCount(): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM outbox',
    );
    return rows[0]!.count;
  }

  async everythingArrives(events: readonly TestEvent[]): Promise<void> {
    const arrived = () => [...new Set(this.arrived)].sort();
    await eventually(() => expect(arrived()).toEqual(idsOf(events)), { timeoutMs: 20_000 });
  }

  async outboxEmpties(): Promise<void> {
    await eventually(async () => expect(await this.rowCount()).toBe(0), { timeoutMs: 20_000 });
  }
}
