import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Envelope } from '#messaging';
import type { SearchIndex } from '#search';
import { eventually } from '#testing';
import {
  compute,
  facet,
  id,
  int,
  list,
  many,
  nullable,
  one,
  oneOf,
  ref,
  source,
  string,
  view,
  withDefault,
} from '#views';
import { countDeadLetters } from '../dead-letters/dead-letters.js';
import { rebuild } from '../rebuild/rebuild.js';
import { expectedDocuments, gate, indexIn, storedDocuments } from '../testing/building.js';
import { eventOf } from '../testing/deliveries.js';
import { randomFrom, type Random } from '../testing/random.js';
import { openInstallation, type Installation, type Projector, type Release } from '../testing/release.js';
import { startWriting } from '../testing/writing.js';

/*
 * Two releases of one shop. The new one reads columns that the old one does not know, one of them a reference, has
 * another hint, and computes by another function, so that neither process has the function of the other's plan.
 */
function oldRelease(name: string): Release {
  const customer = source('customer', { id: id(), name: string() });
  const order = source('order', {
    id: id(),
    customerId: ref(customer),
    status: oneOf('pending', 'confirmed'),
    total: int(),
    discount: int(),
    lines: list({ customerId: ref(customer), quantity: int() }),
  });
  const orders = view('order-search', order, (o) => ({
    status: o.status,
    total: o.total,
    customer: one(o.customerId, (c) => ({ name: c.name })),
    lines: many(o.lines, (l) => ({ quantity: l.quantity, for: one(l.customerId, (c) => c.name) })),
    net: compute(int(), [o.total, o.discount], (total, discount) => total - discount),
  }));
  return { name, sources: [customer, order], view: orders };
}

function newRelease(name: string): Release {
  const customer = source('customer', { id: id(), name: string(), note: nullable(string()) });
  const order = source('order', {
    id: id(),
    customerId: ref(customer),
    status: oneOf('pending', 'confirmed', 'cancelled'),
    total: int(),
    discount: int(),
    channel: withDefault(string(), 'web'),
    referrerId: nullable(ref(customer)),
    lines: list({ customerId: ref(customer), quantity: int() }),
  });
  const orders = view('order-search', order, (o) => ({
    status: facet(o.status),
    total: o.total,
    channel: facet(o.channel),
    customer: one(o.customerId, (c) => ({ name: c.name, note: c.note })),
    referrer: one(o.referrerId, (c) => c.name),
    lines: many(o.lines, (l) => ({ quantity: l.quantity, for: one(l.customerId, (c) => c.name) })),
    net: compute(int(), [o.total, o.discount], (total, discount) => total - 2 * discount),
  }));
  return { name, sources: [customer, order], view: orders };
}

const ORDERS = 120;
const CUSTOMERS = 8;

/** Gives one event at each call: of a publisher that does not know the later columns, or of one that does. */
function publishing(random: Random): (row?: string, upgraded?: boolean) => Envelope {
  const versions = new Map<string, number>();
  const someCustomer = (): string => `c${random.below(CUSTOMERS)}`;
  return (row, upgraded = random.chance(0.5)) => {
    const aggregate =
      row ?? (random.chance(0.3) ? someCustomer() : `o${String(random.below(ORDERS)).padStart(3, '0')}`);
    const version = (versions.get(aggregate) ?? 0) + 1;
    versions.set(aggregate, version);
    const value = random.below(1_000);
    const name = aggregate.startsWith('c') ? 'customer' : 'order';
    if (random.chance(0.1)) return eventOf(name, aggregate, version, null);
    if (name === 'customer') {
      const state = { name: `name ${value}` };
      return eventOf(name, aggregate, version, upgraded ? { ...state, note: `note ${value}` } : state);
    }
    const state = {
      customerId: someCustomer(),
      status: 'pending',
      total: value,
      discount: random.below(10),
      lines: [{ customerId: someCustomer(), quantity: value }],
    };
    const later = { channel: 'shop', referrerId: random.chance(0.3) ? null : someCustomer() };
    return eventOf(name, aggregate, version, upgraded ? { ...state, ...later } : state);
  };
}

let world: Installation;
const logs: string[] = [];
const logger = pino({ level: 'warn' }, { write: (line: string) => void logs.push(line) });

beforeEach(async () => {
  logs.length = 0;
  world = await openInstallation();
});
afterEach(() => world.dispose());

async function expectCurrent(
  indexName: string,
  { plan, computes }: Pick<Projector, 'plan' | 'computes'>,
): Promise<void> {
  await world.index.refresh(indexName);
  const documents = await storedDocuments(world.index, indexName);
  expect(documents.size).toBeGreaterThan(ORDERS / 2);
  expect(documents).toEqual(await expectedDocuments(world.pool, plan, computes));
}

/** Everything that a start could undo: triggers, derived columns, generations. */
async function standing(): Promise<readonly unknown[]> {
  const { rows } = await world.pool.query<{ what: string; of: string }>(
    `SELECT tgname::text AS what, tgrelid::regclass::text AS of FROM pg_trigger WHERE NOT tgisinternal
     UNION ALL
     SELECT attname || ' ' || attnum || ' ' || coalesce(col_description(attrelid, attnum), ''), attrelid::regclass::text
     FROM pg_attribute
     WHERE attrelid IN ('copy_order'::regclass, 'copy_customer'::regclass) AND attnum > 0 AND NOT attisdropped
     UNION ALL
     SELECT index_name, state FROM generation
     ORDER BY 1, 2`,
  );
  return rows;
}

describe('two releases at work side by side', () => {
  it('keep both generations right, through a rebuild that is killed, a restart of the old one, and the swap', async () => {
    const random = randomFrom(20_260_101);
    const publish = publishing(random);
    let older = await world.start(oldRelease('older'), logger);
    const rows = [...Array(CUSTOMERS).keys()].map((at) => `c${at}`);
    const orders = [...Array(ORDERS).keys()].map((at) => `o${String(at).padStart(3, '0')}`);
    await older.deliver([...rows, ...orders].map((row) => publish(row, false)));
    await world.quiesce();
    let newer = await world.start(newRelease('newer'), logger);

    let working: readonly Projector[] = [older, newer];
    const writing = startWriting(
      world.pool,
      random,
      () => publish(),
      () => working,
    );

    // The new release dies in the middle of its scan.
    const held = gate();
    const dying = rebuild(
      newer.rebuildOptions({ index: heldAfter(world.index, 60, held.pass), leaseMs: 1_000 }),
    );
    const died = expect(dying).rejects.toThrow();
    await held.reached;
    await writing.more();
    working = [older];
    const killed = newer.kill();
    held.open();
    await Promise.all([died, killed]);
    const [live, building] = [await indexIn(world.pool, 'live'), await indexIn(world.pool, 'building')];

    // Alone, the old release keeps the live generation current, and leaves the other's marks where they are.
    await writing.more();
    const before = await standing();
    await older.stop();
    older = await world.start(oldRelease('older again'), logger);
    working = [older];
    expect(await standing()).toEqual(before);
    await writing.more();
    await writing.stop();
    await world.quiesce([building]);
    await expectCurrent(live, older);
    const { rows: waiting } = await world.pool.query('SELECT FROM mark WHERE index_name = $1', [building]);
    expect(waiting.length).toBeGreaterThan(0);
    expect(logs.join('')).toContain(`Index ${building} computes with functions that this process lacks`);

    // The new release comes back, takes the rebuild over and swaps, while both write.
    newer = await world.start(newRelease('newer again'), logger);
    working = [older, newer];
    const writingOn = startWriting(
      world.pool,
      random,
      () => publish(),
      () => working,
    );
    const result = await eventually(() => rebuild(newer.rebuildOptions()), { timeoutMs: 60_000 });
    expect(result).toMatchObject({ resumed: true, indexName: building, previousIndexName: live });
    await writingOn.more();
    await writingOn.stop();
    await world.quiesce();

    await expectCurrent(building, newer);
    await expectCurrent(live, older);
    expect(await countDeadLetters(world.pool)).toEqual({ envelope: 0, constraint: 0, document: 0 });
  }, 120_000);
});

describe('a release that replaced the one before', () => {
  it('rebuilds a view whose live generation nobody can build any more, and spends its marks when it is retired', async () => {
    const publish = publishing(randomFrom(7));
    const orders = [...Array(ORDERS).keys()].map((at) => `o${String(at).padStart(3, '0')}`);
    const older = await world.start(oldRelease('older'), logger);
    await older.deliver(orders.map((row) => publish(row, false)));
    await world.quiesce();
    await older.stop();

    const newer = await world.start(newRelease('newer'), logger);
    await newer.deliver(orders.slice(0, 30).map((row) => publish(row, true)));
    const live = await indexIn(world.pool, 'live');
    const result = await rebuild(newer.rebuildOptions({ keepPreviousMs: 0 }));
    expect(result).toMatchObject({ resumed: false, previousIndexName: live });
    await newer.deliver(orders.slice(30, 40).map((row) => publish(row, true)));
    // No generation is left that another process would have to write.
    await world.quiesce();
    await expectCurrent(result.indexName, newer);
    expect(await countDeadLetters(world.pool)).toEqual({ envelope: 0, constraint: 0, document: 0 });
  }, 60_000);
});

/** The index, which holds every write after the first `count` until it is let go. */
function heldAfter(index: SearchIndex, count: number, wait: () => Promise<void>): SearchIndex {
  let written = 0;
  return {
    ...index,
    write: async (operations, deadlineMs) => {
      if (written >= count) await wait();
      written += operations.length;
      return index.write(operations, deadlineMs);
    },
  };
}
