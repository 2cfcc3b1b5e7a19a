import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Envelope } from '#messaging';
import type { SearchIndex } from '#search';
import {
  compile,
  count,
  id,
  int,
  list,
  many,
  oneOf,
  ref,
  source,
  string,
  sum,
  view,
  was,
  withDefault,
  type AnyView,
} from '#views';
import { countDeadLetters } from '../dead-letters/dead-letters.js';
import { rebuild } from '../rebuild/rebuild.js';
import { retireExpired } from '../generations/retire.js';
import { expectedDocuments, indexIn, storedDocuments } from '../testing/building.js';
import { eventOf } from '../testing/deliveries.js';
import { randomFrom, type Random } from '../testing/random.js';
import { openInstallation, type Installation, type Release } from '../testing/release.js';
import { startWriting } from '../testing/writing.js';

/*
 * A view of customers that counts and picks their orders. The new release reads a column under another name, one that
 * came later, and rolls up and picks by both, so that the copies need other columns, and other ones for the same data.
 */
function oldRelease(): Release {
  const customer = source('customer', { id: id(), name: string() });
  const order = source('order', {
    id: id(),
    customerId: ref(customer),
    status: oneOf('pending', 'confirmed'),
    total: int(),
    lines: list({ customerId: ref(customer), quantity: int() }),
  });
  const customers = view('customers', customer, (c) => ({
    name: c.name,
    confirmed: count(order.customerId, { where: { status: 'confirmed' } }),
    largest: many(order.customerId, { sort: '-total', limit: 2 }, (o) => ({ id: o.id, total: o.total })),
    units: sum(order.lines.customerId, (l) => l.quantity),
  }));
  return { name: 'older', sources: [customer, order], view: customers };
}

function newRelease(): Release {
  const customer = source('customer', { id: id(), name: string() });
  const order = source('order', {
    id: id(),
    customerId: ref(customer),
    status: oneOf('pending', 'confirmed'),
    amount: was(int(), 'total'),
    weight: withDefault(int(), 5),
    lines: list({ customerId: ref(customer), units: was(int(), 'quantity') }),
  });
  const customers = view('customers', customer, (c) => ({
    name: c.name,
    spent: sum(order.customerId, (o) => o.amount, { where: { weight: { gte: 5 } } }),
    heaviest: many(order.customerId, { sort: ['-weight', 'amount'], limit: 2 }, (o) => ({
      id: o.id,
      weight: o.weight,
      amount: o.amount,
    })),
    units: sum(order.lines.customerId, (l) => l.units, { where: { parent: { weight: 5 } } }),
  }));
  return { name: 'newer', sources: [customer, order], view: customers };
}

const ORDERS = 80;
const CUSTOMERS = 6;

/** Gives one event at each call; those of an upgraded publisher have the new names. */
function publishing(random: Random): (row?: string) => Envelope {
  const versions = new Map<string, number>();
  const someCustomer = (): string => `c${random.below(CUSTOMERS)}`;
  return (row) => {
    const aggregate = row ?? (random.chance(0.2) ? someCustomer() : `o${random.below(ORDERS)}`);
    const version = (versions.get(aggregate) ?? 0) + 1;
    versions.set(aggregate, version);
    if (random.chance(0.1))
      return eventOf(aggregate.startsWith('c') ? 'customer' : 'order', aggregate, version, null);
    if (aggregate.startsWith('c'))
      return eventOf('customer', aggregate, version, { name: `name ${version}` });
    const status = random.chance(0.5) ? 'pending' : 'confirmed';
    const common = { customerId: someCustomer(), status, total: random.below(1_000) };
    const line = { customerId: someCustomer(), quantity: random.below(9) };
    // Old names stay as long as an old release reads them.
    const upgraded = random.chance(0.5);
    const later = upgraded ? { amount: random.below(1_000), weight: random.below(10) } : {};
    const lines = [upgraded ? { ...line, units: random.below(9) } : line];
    return eventOf('order', aggregate, version, { ...common, ...later, lines });
  };
}

let world: Installation;
const logger = pino({ level: 'silent' });
beforeEach(async () => {
  world = await openInstallation();
});
afterEach(() => world.dispose());

async function derivedColumns(): Promise<readonly string[]> {
  const { rows } = await world.pool.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = 'copy_order'::regclass AND starts_with(attname, 'value_') AND NOT attisdropped ORDER BY attname`,
  );
  return rows.map(({ name }) => name.replace(/_\w{8}$/, ''));
}

/** These, and the keys of the lines, which both releases follow. */
const columnsOf = (...columns: readonly string[]): readonly string[] =>
  [...columns, 'lines.customerId_at', 'lines.customerId_keys'].map((one) => `value_${one}`).sort();

async function expectCurrent(indexName: string, declared: AnyView): Promise<void> {
  await world.index.refresh(indexName);
  expect(await storedDocuments(world.index, indexName)).toEqual(
    await expectedDocuments(world.pool, compile(declared)),
  );
}

describe('a view that comes to read other columns', () => {
  it('has them derived before its generation is registered, and both generations right under writers', async () => {
    const random = randomFrom(20_260_102);
    const publish = publishing(random);
    const older = await world.start(oldRelease(), logger);
    const rows = [...Array(CUSTOMERS).keys()].map((at) => `c${at}`);
    await older.deliver(
      [...rows, ...[...Array(ORDERS).keys()].map((at) => `o${at}`)].map((row) => publish(row)),
    );
    await world.quiesce();
    expect(await derivedColumns()).toEqual(columnsOf('lines.quantity', 'status', 'total'));

    const newer = await world.start(newRelease(), logger);
    expect(await derivedColumns()).toEqual(columnsOf('lines.quantity', 'status', 'total'));
    const writing = startWriting(
      world.pool,
      random,
      () => publish(),
      () => [older, newer],
    );
    await writing.more();
    const seen: unknown[] = [];
    const result = await rebuild(
      newer.rebuildOptions({ index: watched(world.index, async () => seen.push(await deployed())) }),
    );
    await writing.more();
    await writing.stop();
    await world.quiesce();

    // Before the index is made and anything registered, the columns are there, and filled.
    expect(seen).toEqual([
      {
        building: 0,
        empty: 0,
        columns: columnsOf('amount', 'lines.quantity', 'lines.units', 'status', 'total', 'weight'),
      },
    ]);
    expect(result.previousIndexName).not.toBeNull();
    await expectCurrent(result.indexName, newRelease().view);
    await expectCurrent(await indexIn(world.pool, 'previous', 'customers'), oldRelease().view);
    expect(await countDeadLetters(world.pool)).toEqual({ envelope: 0, constraint: 0, document: 0 });

    await world.pool.query(`UPDATE generation SET keep_until = now() WHERE state = 'previous'`);
    await retireExpired({ pool: world.pool, index: world.index, logger });
    expect(await derivedColumns()).toEqual(columnsOf('amount', 'lines.units', 'weight'));
    await newer.deliver(rows.map((row) => publish(row)));
    await world.quiesce();
    await expectCurrent(result.indexName, newRelease().view);
  }, 120_000);
});

/** What a rebuild has done when it makes its index. */
async function deployed(): Promise<unknown> {
  const { rows } = await world.pool.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = 'copy_order'::regclass AND starts_with(attname, 'value_weight') AND NOT attisdropped`,
  );
  const filled = rows.map(({ name }) => `"${name}" IS NULL`).join(' OR ');
  const { rows: counts } = await world.pool.query<{ building: number; empty: number }>(
    `SELECT (SELECT count(*)::int FROM generation WHERE state = 'building') AS building,
            (SELECT count(*)::int FROM copy_order WHERE NOT deleted AND (${filled})) AS empty`,
  );
  return { ...counts[0], columns: await derivedColumns() };
}

function watched(index: SearchIndex, onCreate: () => Promise<unknown>): SearchIndex {
  return {
    ...index,
    create: async (name, plan) => {
      await onCreate();
      return index.create(name, plan);
    },
  };
}
