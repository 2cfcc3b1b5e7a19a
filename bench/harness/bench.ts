import type { BenchSpace } from '../bench-space.js';

/** `s` ends in about a minute, `m` is what documents quote, `l` is for a machine of its own. */
export type Scale = 's' | 'm' | 'l';

export interface Run {
  readonly scale: Scale;
  readonly rounds: number;
  readonly print: (line: string) => void;
}

/** One comparison, of which the work of both sides was found right before its time was believed. */
export interface Measured {
  /** Ours by the other's, or what `goal` is about. */
  readonly ratio: number;
  readonly goal: number;
  readonly ours: number;
  readonly other: number;
  readonly unit: string;
  /** The extremes of the rounds' ratios, as a share of their median. */
  readonly spread: number;
  /** Where it is not as often as was asked for. */
  readonly rounds?: number;
  /** Whatever else a benchmark has to say. */
  readonly more?: Readonly<Record<string, number>>;
}

export interface Bench {
  readonly name: string;
  /** What is divided by what, in one sentence. */
  readonly about: string;
  readonly measure: (space: BenchSpace, run: Run) => Promise<Measured>;
}
