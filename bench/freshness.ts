import { sleep } from '#kernel';
import { quantile } from './appearance.js';
import { openLeastSteps } from './arms/least-steps.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { onFlow, writers, type Flow } from './harness/flow.js';
import type { Place } from './harness/projecting.js';
import { onProjectionBed } from './harness/projection-bed.js';
import { FLOOR_ROUNDS, format } from './harness/rounds.js';
import { median, spread } from './harness/statistics.js';

/** How long orders are placed in each round, how many in the burst, and how often the least steps are taken. */
const SIZES = {
  s: { seconds: 4, burst: 1_000, steps: 200 },
  m: { seconds: 10, burst: 4_000, steps: 500 },
  l: { seconds: 60, burst: 20_000, steps: 2_000 },
};
/** Of the rate that a burst is worked off with. */
const SHARE = 0.3;

export const freshnessBench: Bench = {
  name: 'freshness',
  about:
    'From a commit until its document can be read by id, the 99th percentile at 30 % of the highest rate, by that of the least steps on this way, each taken alone.',
  measure: (space, run) => onProjectionBed(space, (bed) => measure({ space, bed }, run)),
};

/** p99s of one round, in milliseconds. */
interface Round {
  readonly ours: number;
  /** The least steps, each taken alone. */
  readonly alone: number;
  /** A projector of the least that the guarantees need, at our rate; null in rounds without it. */
  readonly least: number | null;
}

async function measure(place: Place, run: Run): Promise<Measured> {
  const rounds: Round[] = [];
  for (let round = 1; round <= run.rounds; round++) {
    const measured = await roundOf(place, run, round <= FLOOR_ROUNDS);
    rounds.push(measured);
    const { ours, alone, least } = measured;
    run.print(
      `round ${round}: ${format(ours)} ms, least steps alone ${format(alone)} ms${least === null ? '' : `, least projector ${format(least)} ms`} (p99)`,
    );
  }
  const ratios = rounds.map(({ ours, alone }) => ours / alone);
  const withLeast = rounds.flatMap(({ ours, least }) => (least === null ? [] : [{ ours, least }]));
  const byLeast = median(withLeast.map(({ ours, least }) => ours / least));
  run.print(`by the least projector at the same rate: ${byLeast.toFixed(2)}`);
  return {
    ratio: median(ratios),
    goal: 2,
    ours: median(rounds.map(({ ours }) => ours)),
    other: median(rounds.map(({ alone }) => alone)),
    unit: 'ms',
    spread: spread(ratios),
    more: { goalMs: 100, least: median(withLeast.map(({ least }) => least)), byLeast },
  };
}

async function roundOf(place: Place, run: Run, hasLeast: boolean): Promise<Round> {
  const { burst } = SIZES[run.scale];
  const alone = await leastSteps(place, run);
  await place.bed.empty();
  let rate = NaN;
  const ours = await onFlow(place, 'projector', async (flow) => {
    rate = SHARE * (await burstOf(flow, burst));
    return atRate(flow, rate, run);
  });
  await place.bed.empty();
  if (!hasLeast) return { ours, alone, least: null };
  const least = await onFlow(place, 'least', async (flow) => {
    // Warm, as the other is.
    await burstOf(flow, burst);
    return atRate(flow, rate, run);
  });
  await place.bed.empty();
  return { ours, alone, least };
}

async function leastSteps({ space, bed }: Place, { scale }: Run): Promise<number> {
  const name = `${space.indexPrefix}least`;
  await bed.index.create(name, bed.plan);
  const steps = await openLeastSteps(space, bed.index, name);
  try {
    const times: number[] = [];
    for (let at = 0; at < SIZES[scale].steps; at++) times.push(await steps.once());
    // The first ones find connections and plans cold.
    return quantile(times.slice(times.length / 10), 0.99);
  } finally {
    await steps.close();
  }
}

/** Orders at a fixed rate, whatever the answers take; their times until they can be read, and all have to be readable. */
async function atRate(flow: Flow, rate: number, { scale, print }: Run): Promise<number> {
  const { seconds } = SIZES[scale];
  const beganAt = performance.now();
  const placing: Promise<void>[] = [];
  while (performance.now() - beganAt < 1_000 * seconds) {
    const due = Math.floor(((performance.now() - beganAt) / 1_000) * rate) - placing.length;
    for (let n = 0; n < due; n++) placing.push(flow.place());
    await sleep(5);
  }
  await Promise.all(placing);
  const times = await flow.readable.taken();
  if (times.length !== placing.length)
    throw new Error(`${times.length} of ${placing.length} orders can be read.`);
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
  print(`${format(rate)} orders a second: readable after p50 ${format(p50)}, p99 ${format(p99)} ms`);
  return p99;
}

/** Orders a second, placed as fast as the service takes them, until the last one can be read. */
async function burstOf({ place, readable }: Flow, orders: number): Promise<number> {
  const startedAt = performance.now();
  const left = Array.from({ length: orders }).values();
  const writer = async (): Promise<void> => {
    for (const _ of left) await place();
  };
  await Promise.all(Array.from({ length: writers }, writer));
  await readable.taken();
  return orders / ((performance.now() - startedAt) / 1_000);
}
