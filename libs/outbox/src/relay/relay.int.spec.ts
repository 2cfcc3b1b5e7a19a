import amqp, { type Channel, type ChannelModel } from 'amqplib';
import type { Pool } from 'pg';
import { newId, silentLogger } from '#kernel';
import { busNames, connectPublisher, type BusNames, type Publisher, type Topology } from '#messaging';
import { createTestSpace, eventually, startFaultyProxy, type FaultyProxy, type TestSpace } from '#testing';
import {
  discardDeadLetters,
  listDeadLetters,
  oldestOutboxRow,
  outboxTables,
  retryDeadLetters,
  startRelay,
  type Relay,
  type RelayMetrics,
  type RelayOptions,
} from '../index.js';
import { claim, withTransaction } from './claim.js';

let space: TestSpace;
let pool: Pool;
let names: BusNames;
let topology: Topology;
let proxy: FaultyProxy;
let admin: ChannelModel;
let channel: Channel;
let publisher: Publisher;
let relays: Relay[];
let publishers: Publisher[];
/** The message id of everything that reached the queue, duplicates included. */
let arrived: string[];

beforeAll(async () => {
  space = await createTestSpace({ databases: ['orders'], rabbitmq: true });
  pool = space.pool('orders');
  for (const { sql } of outboxTables) await pool.query(sql);
  names = busNames(space.busPrefix);
  topology = {
    exchanges: [{ name: names.events, type: 'topic' }],
    queues: [{ name: names.projectorQueue, bindings: [{ exchange: names.events, routingKey: 'order.*' }] }],
  };
  admin = await amqp.connect(space.rabbitmqUrl);
});

beforeEach(async () => {
  await pool.query('TRUNCATE outbox, outbox_dead_letter');
  proxy = await startFaultyProxy(space.rabbitmqUrl);
  relays = [];
  publishers = [];
  publisher = connect();
  await eventually(() => expect(publisher.state).toBe('open'));
  arrived = [];
  channel = await admin.createChannel();
  await channel.consume(names.projectorQueue, (m) => m && arrived.push(m.properties.messageId as string), {
    noAck: true,
  });
});

afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.close(0)));
  await Promise.all(publishers.map((one) => one.close()));
  await proxy.close();
  await channel.deleteQueue(names.projectorQueue);
  await channel.close();
});

afterAll(async () => {
  await admin.close();
  await space.dispose();
});

function connect(confirmDeadlineMs = 10_000): Publisher {
  const one = connectPublisher({
    url: proxy.url,
    exchange: names.events,
    topology,
    logger: silentLogger,
    reconnect: { baseMs: 10, maxMs: 50 },
    confirmDeadlineMs,
  });
  publishers.push(one);
  return one;
}

function relay(options: Partial<RelayOptions> = {}): Relay {
  const started = startRelay({
    pool,
    publisher,
    logger: silentLogger,
    pollMs: 50,
    maxAttempts: 3,
    retry: { baseMs: 20, maxMs: 50 },
    ...options,
  });
  relays.push(started);
  return started;
}

interface TestEvent {
  readonly id: string;
  readonly routingKey: string;
  readonly body: string;
}

function event(change: Partial<TestEvent> = {}): TestEvent {
  return { id: newId(), routingKey: 'order.OrderPlaced', body: '{}', ...change };
}

async function insert(events: readonly TestEvent[], into: Pick<Pool, 'query'> = pool): Promise<void> {
  await into.query(
    `INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
     SELECT id, 'order', id::text, 'OrderPlaced', 0, 1, key, convert_to(body, 'UTF8')
     FROM unnest($1::uuid[], $2::text[], $3::text[]) AS e (id, key, body)`,
    [events.map(({ id }) => id), events.map(({ routingKey }) => routingKey), events.map(({ body }) => body)],
  );
}

async function rowCount(): Promise<number> {
  return Number((await pool.query<{ count: string }>('SELECT count(*) FROM outbox')).rows[0]!.count);
}

const idsOf = (events: readonly TestEvent[]): string[] => events.map(({ id }) => id).sort();

async function everythingArrives(events: readonly TestEvent[]): Promise<void> {
  await eventually(() => expect([...new Set(arrived)].sort()).toEqual(idsOf(events)), { timeoutMs: 20_000 });
}

async function outboxEmpties(): Promise<void> {
  await eventually(async () => expect(await rowCount()).toBe(0), { timeoutMs: 20_000 });
}

function counting(): RelayMetrics & { readonly counts: Record<keyof RelayMetrics, number> } {
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

/** A publisher before the real one that does something around each publish. */
function around(inner: Publisher, publish: Publisher['publish']): Publisher {
  return {
    get state() {
      return inner.state;
    },
    publish,
    close: () => inner.close(),
  };
}

describe('the relay', () => {
  it('publishes what is committed, once, and leaves the outbox empty', async () => {
    const metrics = counting();
    const events = Array.from({ length: 1_234 }, () => event());
    await insert(events);
    relay({ metrics });
    await everythingArrives(events);
    await outboxEmpties();
    expect(arrived).toHaveLength(1_234);
    await eventually(() => expect(metrics.counts).toMatchObject({ relayed: 1_234, returned: 0, unknown: 0 }));
  });

  it('looks at once when it is woken, however long its poll is', async () => {
    const running = relay({ pollMs: 3_600_000 });
    await insert([event()]);
    running.wake();
    await outboxEmpties();
    // By now its pauses are long, if nobody wakes it.
    await eventually(async () => {
      await insert([event()]);
      running.wake();
      await eventually(async () => expect(await rowCount()).toBe(0), { timeoutMs: 1_000 });
    });
  });

  it('does not skip what commits late, after many that began later', async () => {
    const running = relay();
    const [late, early] = [event(), Array.from({ length: 50 }, () => event())];
    const client = await pool.connect();
    await client.query('BEGIN');
    await insert([late], client);
    await insert(early);
    running.wake();
    await everythingArrives(early);
    await client.query('COMMIT');
    client.release();
    await everythingArrives([...early, late]);
    await outboxEmpties();
  });

  it('loses nothing when two relays and many writers compete', async () => {
    relay({ batchSize: 20 });
    relay({ batchSize: 20, publisher: connect() });
    const events = Array.from({ length: 2_000 }, () => event());
    for (let i = 0; i < events.length; i += 40) await insert(events.slice(i, i + 40));
    await everythingArrives(events);
    await outboxEmpties();
    expect(arrived).toHaveLength(2_000);
  });

  it('tells how long the oldest event has waited', async () => {
    expect(await oldestOutboxRow(pool)).toBeNull();
    await insert([event()]);
    await pool.query(`UPDATE outbox SET created_at = now() - interval '90 seconds'`);
    expect(await oldestOutboxRow(pool)).toBeCloseTo(90, 0);
  });
});

describe('a claim', () => {
  it('never takes more than it asked for, however many compete', async () => {
    await insert(Array.from({ length: 300 }, () => event()));
    const taken: number[][] = [];
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let i = 0; i < 20; i += 1) {
          const rows = await withTransaction(pool, (client) => claim(client, { kind: 'ordinary', limit: 3 }));
          taken.push(rows.map(({ seq }) => seq));
        }
      }),
    );
    expect(Math.max(...taken.map((seqs) => seqs.length))).toBe(3);
    expect(new Set(taken.flat()).size).toBe(240);
    expect(await rowCount()).toBe(60);
  });

  it('takes more than it asked for if it is written with IN, where the planner runs the sub-select again', async () => {
    await insert(Array.from({ length: 100 }, () => event()));
    const deleted = await withTransaction(pool, async (client) => {
      // The plan that statistics of another day may choose: a nested loop whose inner side is the claim.
      await client.query(
        'SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off; SET LOCAL enable_hashagg = off; SET LOCAL enable_sort = off',
      );
      const broken = `DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE due_at <= now() AND NOT suspect LIMIT 3 FOR UPDATE SKIP LOCKED) RETURNING seq`;
      return (await client.query(broken)).rowCount;
    });
    expect(deleted).toBeGreaterThan(3);
  });
});

describe('one message among a hundred that no queue takes', () => {
  const hundred = (): TestEvent[] =>
    Array.from({ length: 100 }, (_, i) => event(i === 42 ? { routingKey: 'nobody.listens' } : {}));

  it('is sent again and then goes to the dead letters, while the others arrive exactly once', async () => {
    const metrics = counting();
    const events = hundred();
    await insert(events);
    relay({ metrics });
    const deliverable = events.filter((_, i) => i !== 42);
    await everythingArrives(deliverable);
    await outboxEmpties();

    expect([...arrived].sort()).toEqual(idsOf(deliverable));
    const dead = await listDeadLetters(pool);
    expect(dead).toMatchObject([
      { eventId: events[42]!.id, attempts: 3, reason: expect.stringContaining('NO_ROUTE') as string },
    ]);
    await eventually(() =>
      expect(metrics.counts).toEqual({ relayed: 99, returned: 3, nacked: 0, unknown: 0, deadLettered: 1 }),
    );
  });

  it('would hold all others back and multiply them, if its batch rolled back', async () => {
    const events = hundred();
    await insert(events);
    for (let round = 1; round <= 3; round += 1) {
      await withTransaction(pool, async (client) => {
        const rows = await claim(client, { kind: 'ordinary', limit: 500 });
        const outcomes = await publisher.publish(
          rows.map((r) => ({ id: r.eventId, routingKey: r.routingKey, body: r.body })),
        );
        if (outcomes.some(({ kind }) => kind !== 'confirmed')) throw new Error('one was not confirmed');
      }).catch(() => undefined);
      await eventually(() => expect(arrived).toHaveLength(99 * round));
      expect(await rowCount()).toBe(100);
    }
  });

  it('can be retried from the dead letters once a queue takes it, or discarded', async () => {
    const [wanted, unwanted] = [
      event({ routingKey: 'nobody.listens' }),
      event({ routingKey: 'nobody.cares' }),
    ];
    await insert([wanted, unwanted]);
    relay();
    await eventually(async () => expect(await listDeadLetters(pool)).toHaveLength(2));
    const [first, second] = await listDeadLetters(pool);

    await channel.bindQueue(names.projectorQueue, names.events, 'nobody.listens');
    expect(await retryDeadLetters(pool, [first!.seq])).toBe(1);
    await everythingArrives([wanted]);
    expect(await discardDeadLetters(pool, [second!.seq])).toBe(1);
    expect(await discardDeadLetters(pool, 'all')).toBe(0);
    expect(await listDeadLetters(pool)).toEqual([]);
  });
});

describe('a message that closes the channel', () => {
  it('is found by halves, sent alone and goes to the dead letters, while all others arrive', async () => {
    const metrics = counting();
    proxy.cutWhenClientSends('POISON');
    const events = Array.from({ length: 300 }, (_, i) => event(i === 217 ? { body: '"POISON"' } : {}));
    await insert(events);
    relay({ metrics });
    await everythingArrives(events.filter((_, i) => i !== 217));

    // Only while others are confirmed may a message without outcome be to blame.
    await eventually(async () => {
      await insert([event()]);
      expect(await listDeadLetters(pool)).toMatchObject([
        { eventId: events[217]!.id, reason: expect.stringContaining('unknown') as string },
      ]);
    });
    await outboxEmpties();
    expect(arrived).not.toContain(events[217]!.id);
    // Each halving sends at most what is left of the suspected half a second time.
    expect(arrived.filter((id) => events.some((e) => e.id === id)).length).toBeLessThan(2 * 299 + 1);
  });

  it('is not given up while nothing else is confirmed: it may be the network', async () => {
    proxy.cutWhenClientSends('POISON');
    await insert([event({ body: '"POISON"' })]);
    relay();
    await eventually(async () => {
      const { rows } = await pool.query<{ attempts: number }>('SELECT attempts FROM outbox');
      expect(rows[0]?.attempts).toBeGreaterThan(4);
    });
    expect(await listDeadLetters(pool)).toEqual([]);
  });

  it('because the exchange was deleted delays all, and loses none', async () => {
    await channel.deleteExchange(names.events);
    const events = Array.from({ length: 200 }, () => event());
    await insert(events);
    relay();
    await everythingArrives(events);
    await outboxEmpties();
    expect(await listDeadLetters(pool)).toEqual([]);
  });
});

describe('when something is lost on the way', () => {
  it('sends again, with the same event id, what was confirmed but not committed', async () => {
    const events = Array.from({ length: 5 }, () => event());
    await insert(events);
    let rounds = 0;
    const crashing = around(publisher, async (messages) => {
      const outcomes = await publisher.publish(messages);
      // The relay's own connection, as the server sees it: idle in its claim.
      if (++rounds === 1) {
        await pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND state = 'idle in transaction'`,
        );
      }
      return outcomes;
    });
    relay({ publisher: crashing });
    await outboxEmpties();
    await eventually(() => expect(arrived).toHaveLength(10));
    expect([...new Set(arrived)].sort()).toEqual(idsOf(events));
  });

  it('rolls its claim back at the confirm deadline, and sends later', async () => {
    publisher = connect(300);
    await eventually(() => expect(publisher.state).toBe('open'));
    const events = Array.from({ length: 20 }, () => event());
    proxy.stall();
    await insert(events);
    const running = relay();
    await eventually(() => expect(running.state).not.toBe('running'));
    // No claim is open: all rows can be locked.
    await eventually(async () => {
      const free = await pool.query('SELECT seq FROM outbox FOR UPDATE SKIP LOCKED');
      expect(free.rowCount).toBe(20);
    });
    proxy.resume();
    await everythingArrives(events);
    await outboxEmpties();
    expect(await listDeadLetters(pool)).toEqual([]);
  });

  it.each(['blocked', 'closed'] as const)(
    'claims nothing while the connection is %s, and goes on afterwards',
    async (state) => {
      let current: Publisher['state'] = state;
      let published = 0;
      const events = [event()];
      await insert(events);
      const running = relay({
        publisher: {
          get state() {
            return current;
          },
          publish: (messages) => {
            published += 1;
            return publisher.publish(messages);
          },
          close: () => Promise.resolve(),
        },
      });
      running.wake();
      await eventually(() => expect(running.state).toBe('waiting'));
      const open = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`;
      expect((await pool.query(open)).rows).toEqual([]);
      expect(published).toBe(0);
      current = 'open';
      await everythingArrives(events);
    },
  );

  it('ends within its deadline although the broker does not answer, and the rows are back', async () => {
    await insert([event(), event()]);
    const publishing = Promise.withResolvers<void>();
    const stuck = around(publisher, () => {
      publishing.resolve();
      return new Promise(() => {});
    });
    const running = relay({ publisher: stuck });
    await publishing.promise;
    const started = performance.now();
    await running.close(50);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(running.state).toBe('closed');
    expect((await pool.query('SELECT seq FROM outbox FOR UPDATE SKIP LOCKED')).rowCount).toBe(2);
  });

  it('lets the running batch end when it closes in time', async () => {
    const events = [event(), event()];
    await insert(events);
    const [publishing, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = around(publisher, async (messages) => {
      publishing.resolve();
      await goOn.promise;
      return publisher.publish(messages);
    });
    const running = relay({ publisher: slow });
    await publishing.promise;
    const closing = running.close(10_000);
    goOn.resolve();
    await closing;
    expect(await rowCount()).toBe(0);
    await everythingArrives(events);
  });

  it('comes back when the database was away', async () => {
    const running = relay();
    await pool.query('ALTER TABLE outbox RENAME TO outbox_away');
    await eventually(() => expect(running.state).toBe('failing'));
    await pool.query('ALTER TABLE outbox_away RENAME TO outbox');
    const events = [event()];
    await insert(events);
    await everythingArrives(events);
    await eventually(() => expect(running.state).toBe('running'));
  });
});
