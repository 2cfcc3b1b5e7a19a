import { cpuBetween, noCpu, plus, readCpu, type CpuSeconds } from './cpu.js';
import { median, spread } from './statistics.js';

export interface Arm {
  readonly name: string;
  /** Does the work once and returns how much it was; what it throws ends the benchmark. */
  readonly work: (round: number) => Promise<Work>;
  /** In how many rounds it takes part, the first ones; in all unless told. */
  readonly rounds?: number;
}

/** Of a side that shows a floor: it is read beside the goal, and is no part of the ratio. */
export const FLOOR_ROUNDS = 2;

export interface Work {
  /** In the benchmark's unit. */
  readonly rate: number;
  /** Fails unless the result is right. Its time is not the arm's. */
  readonly check: () => Promise<void>;
}

export interface Rounds {
  readonly name: string;
  readonly rates: readonly number[];
  /** Of all rounds together. */
  readonly cpu: CpuSeconds;
}

/**
 * Runs the arms in turn, so that all have the same machine, as busy as it is, and each comes first as often as the others.
 * One round before the first is run and checked, and not counted: the servers' JVM and caches have to be warm. The CPU of
 * the processes in `children` is counted as Node's.
 */
export async function inTurns(
  arms: readonly Arm[],
  rounds: number,
  print: (line: string) => void,
  children: readonly number[] = [],
): Promise<readonly Rounds[]> {
  const results = arms.map(({ name }) => ({ name, rates: [] as number[], cpu: noCpu }));
  for (let round = 0; round <= rounds; round++) {
    const order = arms.map((_, at) => (at + round) % arms.length);
    for (const at of order) {
      const arm = arms[at] as Arm;
      if (round > (arm.rounds ?? rounds)) continue;
      const before = readCpu(children);
      const { rate, check } = await arm.work(round);
      const used = cpuBetween(before, readCpu(children));
      await check();
      if (round === 0) continue;
      const result = results[at] as (typeof results)[number];
      result.rates.push(rate);
      result.cpu = plus(result.cpu, used);
    }
    const line = results
      .flatMap(({ name, rates }) =>
        rates[round - 1] === undefined ? [] : [`${name} ${format(rates[round - 1] ?? NaN)}`],
      )
      .join(', ');
    print(round === 0 ? 'warm' : `round ${round}: ${line}`);
  }
  return results;
}

/** Ours by the other's in each round that both took part in, and what is made of them. */
export function compare(
  ours: Rounds,
  other: Rounds,
): { readonly ratio: number; readonly spread: number; readonly ours: number; readonly other: number } {
  const ratios = ours.rates.flatMap((rate, round) => {
    const by = other.rates[round];
    return by === undefined ? [] : [rate / by];
  });
  return {
    ratio: median(ratios),
    spread: spread(ratios),
    ours: median(ours.rates),
    other: median(other.rates),
  };
}

export function format(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
}

export function describeCpu({ name, cpu }: Rounds): string {
  const each = Object.entries(cpu).map(([kind, seconds]) => `${kind} ${seconds.toFixed(1)}`);
  return `CPU seconds of ${name}: ${each.join(', ')}`;
}
