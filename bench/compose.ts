import { Agent } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { OrderSearch } from '#commerce';
import { rebuild } from '#projection';
import { bareList, listPath, ROWS, type Call } from './arms/compose/bare-list.js';
import { getText } from './arms/compose/http.js';
import { startComposer, type Composer } from './arms/compose/start.js';
import { createServiceTables } from './arms/compose/tables.js';
import type { ArmProcess } from './harness/arm-process.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { documentsOf } from './harness/checksum.js';
import { CpuBySide } from './harness/cpu-by-side.js';
import { closedLoop, latencyOf, openLoop, p99, type Ask, type Latency } from './harness/open-loop.js';
import { mustBe } from './harness/projecting.js';
import { onProjectionBed, type ProjectionBed } from './harness/projection-bed.js';
import { format } from './harness/rounds.js';
import { sideBySide, type TimesOf } from './harness/side-by-side.js';
import { spread } from './harness/statistics.js';
import { startQueryApiProcess } from './query-api-process.js';
import { scattered } from './scattered.js';

/** For how long each side is asked in a round, and before the first. */
const sizes = {
  s: { orders: 10_000, seconds: 1.6, warmSeconds: 2.5 },
  m: { orders: 100_000, seconds: 12, warmSeconds: 10 },
  l: { orders: 500_000, seconds: 60, warmSeconds: 30 },
};
const LANES = 16;
const PEAK_SECONDS = 1;
/** Of the peak of the slower side, so that neither has a queue. */
const LOAD = 1 / 3;
/** The service that is slowed, and by how much. */
const SLOW = { service: 'customers', ms: 200 };

/** `floor` is the call that the query API makes, made by the client itself: no list out of Elasticsearch can be sooner. */
type Side = 'ours' | 'other' | 'floor';
const sides: readonly Side[] = ['ours', 'other', 'floor'];

export const composeBench: Bench = {
  name: 'compose',
  about:
    'p99 of a list of 20 orders that joins four services, by that of a composer which asks the services for each list; less is better.',
  measure: (space, run) =>
    onProjectionBed(space, async (bed) => {
      await bed.seed({ orders: sizes[run.scale].orders });
      const { indexName } = await rebuild(bed.rebuilding);
      await createServiceTables(bed.pool);
      const floor = await bareList(space, agent);
      const api = await startQueryApiProcess(space, { freshness: true });
      try {
        const composer = await startComposer(space.databaseUrl);
        try {
          return await measure({ api, composer, floor, orders: await ordersOf(bed, indexName) }, run);
        } finally {
          await composer.stop();
        }
      } finally {
        await api.stop();
      }
    }),
};

/** An order as the index has it, which the answers of all sides have to show. A text, for the sake of the heap. */
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
  readonly floor: (before: string) => Call;
  /** The newest first. */
  readonly orders: readonly Order[];
}

const agent = new Agent({ keepAlive: true });
/** The list that begins before an instant, as each side is asked for it. */
function callOf(side: Side, { api, composer, floor }: Place, before: string): Call {
  if (side === 'floor') return floor(before);
  return {
    url:
      side === 'ours'
        ? `${api.url}${listPath(before)}`
        : `${composer.url}/orders?before=${before}&limit=${ROWS}`,
  };
}

/** Of so many answers one is kept and looked at: to keep them all, this process would collect garbage while it measures. */
const LOOKED_AT = 8;

interface Asking {
  readonly ask: Ask;
  /** Fails unless what was kept since the last time is right: the orders that follow its instant, as the index has them. */
  check(): void;
}

function asking(side: Side, place: Place): Asking {
  const { orders } = place;
  const answers = new Map<number, string>();
  return {
    ask: async (n) => {
      // A different list for each request, so that no side answers from what it has just answered.
      const at = scattered(n, orders.length - ROWS);
      const { url, body } = callOf(side, place, orders[at]?.placedAt ?? '');
      const text = await getText(agent, url, body);
      if (n % LOOKED_AT === 0) answers.set(at, text);
    },
    check: () => {
      for (const [at, text] of answers)
        if (!isDeepStrictEqual(rowsIn(side, text), documentsAt(orders.slice(at + 1, at + 1 + ROWS))))
          throw new Error(`The list of ${side} before ${orders[at]?.placedAt} is ${text}`);
      answers.clear();
    },
  };
}

function rowsIn(side: Side, text: string): readonly unknown[] {
  if (side !== 'floor') return (JSON.parse(text) as { readonly data: readonly unknown[] }).data;
  const { hits } = JSON.parse(text) as {
    readonly hits: { readonly hits: readonly { readonly _source: unknown }[] };
  };
  // The query API asks for one more than it shows.
  return hits.hits.slice(0, ROWS).map(({ _source }) => _source);
}

const documentsAt = (orders: readonly Order[]): readonly unknown[] =>
  orders.map(({ source }) => JSON.parse(source) as unknown);

async function measure(place: Place, run: Run): Promise<Measured> {
  const { seconds, warmSeconds } = sizes[run.scale];
  const of = { ours: asking('ours', place), other: asking('other', place), floor: asking('floor', place) };
  const peaks: number[] = [];
  // The first seconds compile code and open connections.
  for (const side of sides) await closedLoop(LANES, 1_000 * warmSeconds, of[side].ask);
  for (const side of sides) peaks.push(await closedLoop(LANES, 1_000 * PEAK_SECONDS, of[side].ask));
  const rate = Math.min(...peaks) * LOAD;
  run.print(
    `${format(place.orders.length)} orders; at most ${peaks.map(format).join(', ')} lists/s of ${sides.join(', ')}; asked for ${format(rate)}`,
  );
  const used = new CpuBySide<Side>(pidsOf(place));
  const onSlice = (side: Side): void => {
    used.note(side);
    of[side].check();
    used.skip();
  };
  const rounds = await sideBySide({
    sides,
    rounds: run.rounds,
    rate,
    seconds,
    askOf: (side) => of[side].ask,
    onSlice,
  });
  for (const side of sides) run.print(`CPU seconds while ${side} was asked: ${used.of(side)}`);
  const slowed = await whileSlowed(place, of, { rate, count: Math.ceil(rate * seconds) });
  return measured(
    rounds,
    { listsPerSecond: rate, ...slowed, fetchedForTier: await fetchedForTier(place) },
    run,
  );
}

const pidsOf = ({ api, composer }: Place): ReadonlyMap<string, number> =>
  new Map([
    ['query API', api.pid],
    ...composer.pids.map((pid, at) => [at === 0 ? 'services' : 'composer', pid] as const),
    ['load', process.pid],
  ]);

type Slowed = Readonly<Record<'p99OursSlowed' | 'p99OtherSlowed', number>>;

/** The same, once, while one of the services is slow. */
async function whileSlowed(
  { composer }: Place,
  of: Readonly<Record<Side, Asking>>,
  { rate, count }: { readonly rate: number; readonly count: number },
): Promise<Slowed> {
  await composer.delay(SLOW.service, SLOW.ms);
  const ours = await openLoop({ rate, count, ask: of.ours.ask });
  const other = await openLoop({ rate, count, ask: of.other.ask });
  await composer.delay(SLOW.service, 0);
  of.ours.check();
  of.other.check();
  return { p99OursSlowed: p99(ours), p99OtherSlowed: p99(other) };
}

/**
 * p99s are of all rounds together: those of a single one rest on a handful of lists, and say no more than how far apart
 * rounds are.
 */
function measured(
  rounds: readonly TimesOf<Side>[],
  more: Slowed & Readonly<Record<string, number>>,
  { print }: Run,
): Measured {
  const all = (side: Side): Latency => latencyOf(rounds.flatMap((times) => times.get(side) ?? []));
  const [ours, other, floor] = [all('ours'), all('other'), all('floor')];
  const ratios = rounds.map((times) => p99(times.get('ours') ?? []) / p99(times.get('other') ?? []));
  const figures = {
    p50Ours: ours.p50,
    p50Other: other.p50,
    p50Floor: floor.p50,
    p99Floor: floor.p99,
    floorRatio: floor.p99 / other.p99,
    ratioOursSlowed: more.p99OursSlowed / ours.p99,
    ratioOtherSlowed: more.p99OtherSlowed / other.p99,
    ...more,
  };
  print(
    Object.entries(figures)
      .map(([name, value]) => `${name} ${format(value)}`)
      .join(', '),
  );
  return {
    ratio: ours.p99 / other.p99,
    spread: spread(ratios),
    ours: ours.p99,
    other: other.p99,
    goal: 0.25,
    unit: 'ms (p99)',
    more: figures,
  };
}

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
