import { openLoop, type Ask } from './open-loop.js';

/** So many times in a round each side is asked for a while: what else the machine does in it falls on all of them alike. */
const SLICES = 4;

export interface SideBySide<S extends string> {
  readonly sides: readonly S[];
  readonly rounds: number;
  /** Requests a second, and for how long each side is sent them in a round. */
  readonly rate: number;
  readonly seconds: number;
  /** `nth` is another for each request of a side. */
  readonly askOf: (side: S) => Ask;
  /** Told when a side was asked for a while. */
  readonly onSlice?: (side: S) => void;
}

/** Milliseconds of each request of a round, by side. */
export type TimesOf<S extends string> = ReadonlyMap<S, readonly number[]>;

/**
 * Asks the sides in turns and at the same rate; which side comes first alternates as well. Whoever calls has warmed them.
 */
export async function sideBySide<S extends string>(asked: SideBySide<S>): Promise<readonly TimesOf<S>[]> {
  const { sides, rounds, rate, seconds, askOf, onSlice } = asked;
  const count = Math.ceil((rate * seconds) / SLICES);
  const results: TimesOf<S>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const times = new Map(sides.map((side) => [side, [] as number[]]));
    for (let slice = 0; slice < SLICES; slice += 1) {
      const begun = (round * SLICES + slice) * count;
      for (const side of slice % 2 === 0 ? sides : sides.toReversed()) {
        const ask = askOf(side);
        times.get(side)?.push(...(await openLoop({ rate, count, ask: (n) => ask(begun + n) })));
        onSlice?.(side);
      }
    }
    results.push(times);
  }
  return results;
}
