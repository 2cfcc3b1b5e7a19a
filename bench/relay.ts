import type pg from 'pg';
import { newId, openPool, silentLogger, sleep } from '#kernel';
import { busNames, connectPublisher, eventTopology, type OutgoingMessage } from '#messaging';
import { noRelayMetrics, outboxTables, startRelay } from '#outbox';
import { relayBare } from './arms/bare-relay.js';
import { emptyQueue, publishRaw, type Broker } from './arms/raw-publish.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { compare, describeCpu, format, inTurns, type Arm, type Rounds } from './harness/rounds.js';
import { orderOf, orderPlaced } from './shop-events.js';

const EVENTS = { s: 15_000, m: 50_000, l: 200_000 };

export const relayBench: Bench = {
  name: 'relay',
  about:
    'Events a second from the outbox to a durable queue, confirmed and removed, by raw confirmed publishing of the same bodies.',
  measure: async (space, run) => {
    const pool = openPool({ connectionString: space.serviceDatabaseUrl, max: 4 });
    try {
      for (const { sql } of outboxTables) await pool.query(sql);
      return await measure({ pool, url: space.rabbitmqUrl, busPrefix: space.busPrefix }, run);
    } finally {
      await pool.end();
    }
  },
};

interface Bed extends Broker {
  readonly pool: pg.Pool;
}

async function measure(bed: Bed, { scale, rounds, print }: Run): Promise<Measured> {
  const messages = Array.from({ length: EVENTS[scale] }, () =>
    orderPlaced(orderOf(newId(), newId(), newId())),
  );
  print(`${messages.length} events of ${messages[0]?.body.length ?? 0} bytes`);
  const window = await bestWindow(bed, messages.slice(0, 10_000), print);
  const arms = [relaying(bed, messages), publishing(bed, messages, window), relayingBare(bed, messages)];
  const all = (await inTurns(arms, rounds, print)) as [Rounds, Rounds, Rounds];
  for (const arm of all) print(describeCpu(arm));
  const [ours, other, floor] = all;
  const floorRatio = compare(floor, other).ratio;
  print(`by the barest relay ${format(floorRatio)}`);
  return {
    ...compare(ours, other),
    goal: 0.85,
    unit: 'events/s',
    more: { floorRatio, byFloor: compare(ours, floor).ratio },
  };
}

/**
 * The clock starts with a full outbox and a relay that is connected, and ends when it has committed that nothing is left.
 * The relay is asked and not the table: looking for a row among so many dead ones costs more than relaying them.
 */
function relaying(bed: Bed, messages: readonly OutgoingMessage[]): Arm {
  const { pool, url, busPrefix } = bed;
  return {
    name: 'relay',
    work: async () => {
      await pool.query('TRUNCATE outbox');
      await fill(pool, messages);
      const publisher = connectPublisher({
        url,
        exchange: busNames(busPrefix).events,
        topology: eventTopology(busPrefix),
        logger: silentLogger,
      });
      while (publisher.state !== 'open') await sleep(10);
      const startedAt = performance.now();
      const gone = countdown(messages.length);
      const relay = startRelay({
        pool,
        publisher,
        logger: silentLogger,
        metrics: { ...noRelayMetrics, relayed: gone.less },
      });
      await gone.none;
      const seconds = (performance.now() - startedAt) / 1_000;
      await relay.close();
      await publisher.close();
      return { rate: messages.length / seconds, check: () => mustBeRelayed(bed, messages.length) };
    },
  };
}

function relayingBare(bed: Bed, messages: readonly OutgoingMessage[]): Arm {
  return {
    name: 'barest relay',
    work: async () => {
      await bed.pool.query('TRUNCATE outbox');
      await fill(bed.pool, messages);
      const { seconds } = await relayBare(bed.pool, bed);
      return { rate: messages.length / seconds, check: () => mustBeRelayed(bed, messages.length) };
    },
  };
}

function countdown(from: number): { readonly less: (by: number) => void; readonly none: Promise<void> } {
  const { promise: none, resolve } = Promise.withResolvers<void>();
  let left = from;
  return { less: (by) => (left -= by) <= 0 && resolve(), none };
}

function publishing(bed: Bed, messages: readonly OutgoingMessage[], window: number): Arm {
  return {
    name: 'raw publish',
    work: async () => {
      const startedAt = performance.now();
      await publishRaw(bed, messages, window);
      const seconds = (performance.now() - startedAt) / 1_000;
      return { rate: messages.length / seconds, check: () => mustHaveArrived(bed, messages.length) };
    },
  };
}

async function bestWindow(
  bed: Bed,
  messages: readonly OutgoingMessage[],
  print: (line: string) => void,
): Promise<number> {
  let best = { window: 1_000, rate: 0 };
  for (const window of [200, 500, 1_000, 2_000, 4_000])
    for (let attempt = 0; attempt < 2; attempt++) {
      const { rate, check } = await publishing(bed, messages, window).work(0);
      await check();
      if (rate > best.rate) best = { window, rate };
    }
  print(`raw publishing is fastest with ${best.window} unconfirmed: ${format(best.rate)}/s`);
  return best.window;
}

const AT_ONCE = 5_000;

async function fill(pool: pg.Pool, messages: readonly OutgoingMessage[]): Promise<void> {
  for (let from = 0; from < messages.length; from += AT_ONCE) {
    const part = messages.slice(from, from + AT_ONCE);
    await pool.query(
      `INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
       SELECT id, 'order', id::text, 'OrderPlaced', 0, 1, routing_key, body
       FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS event (id, routing_key, body)`,
      [part.map(({ id }) => id), part.map(({ routingKey }) => routingKey), part.map(({ body }) => body)],
    );
  }
  await pool.query('ANALYZE outbox');
}

async function isWaiting(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ waits: boolean }>('SELECT EXISTS (SELECT FROM outbox) AS waits');
  return rows[0]?.waits === true;
}

async function mustBeRelayed(bed: Bed, events: number): Promise<void> {
  if (await isWaiting(bed.pool)) throw new Error('Something is left in the outbox.');
  await mustHaveArrived(bed, events);
}

async function mustHaveArrived(bed: Bed, events: number): Promise<void> {
  const arrived = await emptyQueue(bed);
  if (arrived !== events) throw new Error(`${arrived} of ${events} events are in the queue.`);
}
