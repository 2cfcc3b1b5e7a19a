import { Agent } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { OrderSearch } from '#commerce';
import { rebuild } from '#projection';
import { quantile } from './appearance.js';
import { getText } from './arms/compose/http.js';
import { startComposer, type Composer } from './arms/compose/start.js';
import { createServiceTables } from './arms/compose/tables.js';
import type { ArmProcess } from './harness/arm-process.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { documentsOf } from './harness/checksum.js';
import { closedLoop, openLoop, p99 } from './harness/open-loop.js';
import { onProjectionBed, type ProjectionBed } from './harness/projection-bed.js';
import { mustBe } from './harness/projecting.js';
import { compare, describeCpu, format, inTurns, type Arm, type Rounds } from './harness/rounds.js';
import { median } from './harness/statistics.js';
import { startQueryApiProcess } from './query-api-process.js';
import { scattered } from './scattered.js';

const ORDERS = { s: 20_000, m: 100_000, l: 500_000 };
/** How long each side is asked in a round. */
const SECONDS = { s: 4, m: 12, l: 60 };
const ROWS = 20;
/** The service that is slowed, and by how much. */
const SLOW = { service: 'customers', ms: 200 };

export const composeBench: Bench = {
  name: 'compose',
  about:
    'p99 of a list of 20 orders that joins four services, by that of a composer which asks the services for each list; less is better.',
  measure: (space, run) =>
    onProjectionBed(space, async (bed) => {
      await bed.seed({ orders: ORDERS[run.scale] });
      const { indexName } = await rebuild(bed.rebuilding);
      await createServiceTables(bed.pool);
      const api = await startQueryApiProcess(space, { freshness: true });
      try {
        const composer = await startComposer(space.databaseUrl);
        try {
          return await measure({ api, composer, orders: await ordersOf(bed, indexName) }, run);
        } finally {
          await composer.stop();
        }
      } finally {
        await api.stop();
      }
    }),
};

/** An order as the index has it, which the answers of both sides have to show. A text, for the sake of the heap. */
interface Order {
  readonly placedAt: string;
  readonly tier: string;
  readonly source: string;
}

async function ordersOf(bed: ProjectionBed, indexName: string): Promise<readonly Order[]> {
  await bed.index.refresh(indexName);
  const orders: Order[] = [];
  // Seeded ids are in the order of placedAt.
  for await (const { source } of documentsOf(bed.index, indexName)) {
    const { placedAt, customer } = JSON.parse(source) as OrderSearch;
    orders.push({ placedAt, tier: customer?.tier ?? '', source });
  }
  return orders.reverse();
}

interface Place {
  readonly api: ArmProcess;
  readonly composer: Composer;
  /** The newest first. */
  readonly orders: readonly Order[];
}

/** One of the two sides: the address of a list that begins before an instant. */
interface Side {
  readonly name: string;
  readonly addressOf: (before: string) => string;
}

const agent = new Agent({ keepAlive: true });

async function measure(place: Place, run: Run): Promise<Measured> {
  const { api, composer, orders } = place;
  const { print, rounds, scale } = run;
  const ours: Side = {
    name: 'query API',
    addressOf: (before) =>
      `${api.url}/views/order-search?placedAt[lt]=${before}&sort=-placedAt&limit=${ROWS}&totals=none`,
  };
  const other: Side = {
    name: 'composer',
    addressOf: (before) => `${composer.url}/orders?before=${before}&limit=${ROWS}`,
  };
  const peaks = [await peakOf(ours, place, scale), await peakOf(other, place, scale)];
  const rate = Math.min(...peaks) / 2;
  print(
    `${orders.length} orders; at most ${peaks.map(format).join(' and ')} lists/s; asked for ${format(rate)}`,
  );
  const asking = { rate, count: Math.ceil(rate * SECONDS[scale]) };
  const p50s = new Map<string, number[]>();
  const arms = [ours, other].flatMap((side) =>
    [0, SLOW.ms].map((slowMs) => listing(place, side, { ...asking, slowMs, p50s })),
  );
  const children = [api.pid, ...composer.pids];
  const all = (await inTurns(arms, rounds, print, children)) as [Rounds, Rounds, Rounds, Rounds];
  for (const arm of all) print(describeCpu(arm));
  const [oursAlone, oursSlowed, otherAlone, otherSlowed] = all;
  const more = {
    listsPerSecond: rate,
    p50Ours: median(p50s.get(oursAlone.name) ?? []),
    p50Other: median(p50s.get(otherAlone.name) ?? []),
    ratioOursSlowed: compare(oursSlowed, oursAlone).ratio,
    ratioOtherSlowed: compare(otherSlowed, otherAlone).ratio,
    fetchedForTier: await fetchedForTier(place),
  };
  print(
    Object.entries(more)
      .map(([name, value]) => `${name} ${format(value)}`)
      .join(', '),
  );
  return { ...compare(oursAlone, otherAlone), goal: 0.25, unit: 'ms (p99)', more };
}

/** A different list for each request, so that neither side answers from what it has just answered. */
const placeOf = (n: number, { orders }: Place): number => scattered(n, orders.length - ROWS);

const beforeOf = (at: number, { orders }: Place): string => orders[at]?.placedAt ?? '';

async function peakOf(side: Side, place: Place, scale: Run['scale']): Promise<number> {
  const ask = async (n: number): Promise<void> =>
    void (await getText(agent, side.addressOf(beforeOf(placeOf(n, place), place))));
  // The first seconds compile code and open connections.
  await closedLoop(16, SECONDS[scale] * 500, ask);
  return closedLoop(16, SECONDS[scale] * 500, ask);
}

interface Listing {
  readonly rate: number;
  readonly count: number;
  readonly slowMs: number;
  /** The median of each round, by the name of the arm. */
  readonly p50s: Map<string, number[]>;
}

/** An arm whose rate is the p99 of a round, in milliseconds. */
function listing(place: Place, side: Side, { rate, count, slowMs, p50s }: Listing): Arm {
  const name = slowMs === 0 ? side.name : `${side.name} with a slow service`;
  return {
    name,
    work: async (round) => {
      await place.composer.delay(SLOW.service, slowMs);
      const answers = new Map<number, string>();
      const times = await openLoop({
        rate,
        count,
        ask: async (n) => {
          const at = placeOf(round * count + n, place);
          answers.set(at, await getText(agent, side.addressOf(beforeOf(at, place))));
        },
      });
      await place.composer.delay(SLOW.service, 0);
      // Those of the round that only warms are in it as well, which a median of several bears.
      p50s.set(name, [...(p50s.get(name) ?? []), quantile(times, 0.5)]);
      return { rate: p99(times), check: () => Promise.resolve(mustShow(answers, place)) };
    },
  };
}

/** Every answer has to be the orders that follow its instant, with all fields as they are in the index. */
function mustShow(answers: ReadonlyMap<number, string>, { orders }: Place): void {
  for (const [at, text] of answers) {
    const { data } = JSON.parse(text) as { readonly data: readonly unknown[] };
    if (!isDeepStrictEqual(data, documentsAt(orders.slice(at + 1, at + 1 + ROWS))))
      throw new Error(`The list before ${orders[at]?.placedAt} is ${text}`);
  }
}

const documentsAt = (orders: readonly Order[]): readonly unknown[] =>
  orders.map(({ source }) => JSON.parse(source) as unknown);

/** How many orders the composer fetches for the newest 20 of customers of one tier, which the orders' service can not ask for. */
async function fetchedForTier(place: Place): Promise<number> {
  const { api, composer, orders } = place;
  const tier = 'gold';
  const right = documentsAt(orders.filter((order) => order.tier === tier).slice(0, ROWS));
  const composed = JSON.parse(
    await getText(agent, `${composer.url}/orders?before=9999-01-01T00:00:00.000Z&limit=${ROWS}&tier=${tier}`),
  ) as { readonly data: readonly unknown[]; readonly fetched: number };
  const ours = JSON.parse(
    await getText(agent, `${api.url}/views/order-search?customer.tier=${tier}&sort=-placedAt&limit=${ROWS}`),
  ) as { readonly data: readonly unknown[] };
  mustBe('rows', right.length, ROWS);
  if (!isDeepStrictEqual(composed.data, right) || !isDeepStrictEqual(ours.data, right))
    throw new Error(`The newest orders of ${tier} customers differ.`);
  return composed.fetched;
}
