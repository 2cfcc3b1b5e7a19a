import { randomInt } from 'node:crypto';
import { silentLogger, sleep } from '#kernel';
import { busNames, connectPublisher, eventTopology, type Publisher } from '#messaging';
import { eventMessage, type TestSpace } from '#testing';
import { seededId } from '#projection/testing';
import type { Resource } from '../world.js';
import type { Shop } from './shop.js';

/** Publishes a new state of one aggregate, or with null its deletion, as a service's relay does. */
export type Publish = (source: string, id: string, state: Resource | null) => Promise<void>;

export interface Publishing {
  readonly publish: Publish;
  close(): Promise<void>;
}

export async function openPublishing(space: TestSpace, shop: Shop): Promise<Publishing> {
  const publisher = connectPublisher({
    url: space.rabbitmqUrl,
    exchange: busNames(space.busPrefix).events,
    topology: eventTopology(space.busPrefix),
    connectionName: 'writers',
    logger: silentLogger,
  });
  while (publisher.state !== 'open') await sleep(20);
  return {
    publish: (source, id, state) => publishOne(publisher, shop, source, id, state),
    close: () => publisher.close(),
  };
}

async function publishOne(
  publisher: Publisher,
  shop: Shop,
  source: string,
  aggregateId: string,
  state: Resource | null,
): Promise<void> {
  const version = shop.write(source, aggregateId, state);
  const message = eventMessage({ source, aggregateId, version, state });
  // The same message again until the broker has it: a repeat changes nothing.
  for (;;) {
    const [outcome] = await publisher.publish([message]);
    if (outcome?.kind === 'confirmed') return;
    await sleep(100);
  }
}

export interface Writers {
  readonly written: () => number;
  stop(): Promise<void>;
}

export interface WritersOptions {
  readonly publish: Publish;
  readonly shop: Shop;
  readonly orders: number;
  readonly perSecond: number;
  /** Orders up to this number are left alone: others watch them. */
  readonly untouched: number;
}

/** Changes of every kind at a steady rate: of orders, of what they refer to, new ones, deletions, other partners. */
export function startWriters({ publish, shop, orders, perSecond, untouched }: WritersOptions): Writers {
  const stop = new AbortController();
  let written = 0;
  let next = orders;
  const someOrder = (): string => seededId('order', randomInt(untouched + 1, orders + 1));
  const customers = Math.ceil(orders / 10);
  const change = async (source: string, id: string, parts: object): Promise<void> => {
    const row = shop.row(source, id);
    if (row !== undefined) await publish(source, id, { ...row, ...parts });
  };
  const kinds: readonly (() => Promise<void>)[] = [
    () => change('order', someOrder(), { status: 'confirmed', total: randomInt(1, 100_000) }),
    () => change('order', someOrder(), { customerId: seededId('customer', randomInt(1, customers + 1)) }),
    () =>
      change('customer', seededId('customer', randomInt(1, customers + 1)), { name: `Renamed ${written}` }),
    () =>
      change('payment', seededId('payment', randomInt(untouched + 1, orders + 1)), { status: 'refunded' }),
    () =>
      change('shipment', seededId('shipment', randomInt(untouched + 1, orders + 1)), { status: 'delivered' }),
    () => publish('order', someOrder(), null),
    () => {
      const row = shop.row('order', seededId('order', untouched)) as Resource;
      const id = seededId('order', ++next);
      return publish('order', id, { ...row, id });
    },
  ];
  const writing = (async () => {
    for (; !stop.signal.aborted; written++) {
      await (kinds[written % kinds.length] as () => Promise<void>)();
      await sleep(1_000 / perSecond, stop.signal);
    }
  })();
  return {
    written: () => written,
    stop: () => {
      stop.abort();
      return writing;
    },
  };
}

export interface LagProbe {
  /** How long changes took until readers saw them, in milliseconds, since they were asked for last. */
  readonly take: () => readonly number[];
  stop(): Promise<void>;
}

/** Changes one order after the other, and asks the query API for it until it has the change. */
export function startLagProbe({
  publish,
  shop,
  queryUrl,
  probes,
}: {
  readonly publish: Publish;
  readonly shop: Shop;
  readonly queryUrl: string;
  readonly probes: number;
}): LagProbe {
  const stop = new AbortController();
  let lags: number[] = [];
  const probe = async (id: string, total: number): Promise<void> => {
    const row = shop.row('order', id) as Resource;
    const startedAt = performance.now();
    await publish('order', id, { ...row, total });
    while (!stop.signal.aborted) {
      const response = await fetch(`${queryUrl}/views/order-search/${id}`);
      const document = (await response.json()) as { readonly total?: number };
      if (document.total === total) return void lags.push(performance.now() - startedAt);
      await sleep(25, stop.signal);
    }
  };
  const probing = (async () => {
    for (let at = 0; !stop.signal.aborted; at++) {
      await probe(seededId('order', 1 + (at % probes)), 1_000_000 + at);
      await sleep(100, stop.signal);
    }
  })();
  return {
    take: () => {
      const taken = lags;
      lags = [];
      return taken;
    },
    stop: () => {
      stop.abort();
      return probing;
    },
  };
}
