import type { DataSource } from 'typeorm';
import { newId, silentLogger } from '#kernel';
import { inTransaction, type Transaction } from '#outbox';
import { PlaceOrder, PlaceOrderHandler, type NewOrder } from '../apps/command-api/src/orders/place-order.js';
import { allServices } from '../apps/command-api/src/services/all-services.js';
import { connectDataSource } from '../apps/command-api/src/services/data-source.js';
import { migrateService } from '../apps/command-api/src/services/migrate-service.js';
import { placeOrderWithBareEvent } from './arms/bare-event.js';
import { placeOrderPlain } from './arms/place-order-plain.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { compare, describeCpu, format, inTurns, type Arm, type Rounds } from './harness/rounds.js';

const COMMANDS = { s: 1_800, m: 10_000, l: 50_000 };
/** As many connections as a service has by default. */
const WRITERS = 8;

export const outboxBench: Bench = {
  name: 'outbox',
  about: 'Orders placed a second with their events in the outbox, by the same transactions without events.',
  measure: async (space, run) => {
    const { orders } = allServices;
    const url = space.serviceDatabaseUrl;
    await migrateService(orders, url, silentLogger);
    const poolSize = WRITERS;
    const database = await connectDataSource(orders, {
      url,
      poolSize,
      use: 'commands',
      logger: silentLogger,
    });
    try {
      return await measure(database, run);
    } finally {
      await database.destroy();
    }
  },
};

type Place = (tx: Transaction, order: NewOrder) => Promise<unknown>;

async function measure(database: DataSource, { scale, rounds, print }: Run): Promise<Measured> {
  const commands = COMMANDS[scale];
  const handler = new PlaceOrderHandler();
  const arms = [
    placing('with outbox', database, commands, 1, (tx, order) => handler.execute(new PlaceOrder(tx, order))),
    placing('without', database, commands, 0, (tx, order) => placeOrderPlain(tx, order, 'read back')),
    placing('rows alone', database, commands, 0, (tx, order) => placeOrderPlain(tx, order, 'rows alone')),
    placing('bare events', database, commands, 1, placeOrderWithBareEvent),
  ];
  const all = (await inTurns(arms, rounds, print)) as [Rounds, Rounds, Rounds, Rounds];
  for (const arm of all) print(describeCpu(arm));
  const [ours, other, rowsAlone, floor] = all;
  const floorRatio = compare(floor, other).ratio;
  print(`with a ready row for an event, which is the floor, ${format(floorRatio)}`);
  return {
    ...compare(ours, other),
    goal: 0.92,
    unit: 'transactions/s',
    more: { ratioRowsAlone: compare(ours, rowsAlone).ratio, floorRatio, byFloor: compare(ours, floor).ratio },
  };
}

function placing(name: string, database: DataSource, commands: number, events: number, place: Place): Arm {
  return {
    name,
    work: async (round) => {
      // An index that grows from round to round would be slower for whoever comes last.
      await database.query('TRUNCATE order_line, orders, outbox');
      const orders = Array.from({ length: commands }, (_, n) => orderOf(round * commands + n)).values();
      const startedAt = performance.now();
      const writer = async (): Promise<void> => {
        for (const order of orders) await inTransaction(database, (tx) => place(tx, order));
      };
      await Promise.all(Array.from({ length: WRITERS }, writer));
      const seconds = (performance.now() - startedAt) / 1_000;
      return { rate: commands / seconds, check: () => mustHold(database, commands, commands * events) };
    },
  };
}

function orderOf(n: number): NewOrder {
  const lines = Array.from({ length: 1 + (n % 5) }, (_, line) => ({
    productId: newId(),
    quantity: 1 + line,
    unitPrice: 1_000 + n,
  }));
  return { customerId: newId(), lines, discount: 0 };
}

async function mustHold(database: DataSource, orders: number, events: number): Promise<void> {
  const found: { orders: number; events: number }[] = await database.query(
    `SELECT (SELECT count(*)::int FROM orders JOIN order_line ON order_id = orders.id AND line = 1) AS orders,
            (SELECT count(DISTINCT event_id)::int FROM outbox) AS events`,
  );
  if (found[0]?.orders !== orders || found[0].events !== events)
    throw new Error(`${JSON.stringify(found[0])} instead of ${orders} orders and ${events} events.`);
}
