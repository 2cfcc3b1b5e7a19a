import fc from 'fast-check';
import { fewCommands, standingRows } from './commands.js';
import type { Command } from './services.js';

/** What happens in the shop until all is quiet again, and what chance decides about how the engine deals with it. */
export interface Round {
  readonly commands: readonly Command[];
  readonly choices: ArrayLike<number>;
}

export interface Sequence {
  /** What is in the shop and in the indices before anything goes wrong. */
  readonly standing: readonly Command[];
  readonly rounds: readonly Round[];
}

const sequenceOf = (mostRounds: number): fc.Arbitrary<Sequence> =>
  fc.record({
    standing: standingRows,
    rounds: fc.array(
      fc.record({ commands: fewCommands, choices: fc.uint8Array({ maxLength: 400, size: 'max' }) }),
      { minLength: 1, maxLength: mostRounds, size: 'max' },
    ),
  });

export const anySequence = sequenceOf(6);
/** For real servers, where a round takes a hundred times as long. */
export const shortSequence = sequenceOf(3);

/** A run that failed once, to be run again: the variables that a failure prints, else a seed of the run's own. */
export interface Replay {
  readonly seed: number;
  readonly path?: string;
}

export function replayOf(environment: NodeJS.ProcessEnv): Replay {
  const seed = Number(environment['MODEL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const path = environment['MODEL_PATH'];
  return path === undefined ? { seed } : { seed, path };
}

/** What fast-check tells of a run that failed. */
export type Failure = Pick<
  fc.RunDetailsCommon<[Sequence]>,
  'seed' | 'counterexamplePath' | 'counterexample' | 'numRuns' | 'numShrinks'
>;

/** What a failing sequence is told by: how to run it again, what is wrong, and the smallest sequence that shows it. */
export function failureOf(
  details: Failure,
  spec: string,
  wrong: readonly string[],
  trace: readonly string[] = [],
): string {
  const [smallest] = details.counterexample ?? [];
  return [
    `A sequence ends with wrong documents (run ${details.numRuns}, made smaller ${details.numShrinks} times).`,
    `Run it again: MODEL_SEED=${details.seed} MODEL_PATH=${details.counterexamplePath} npm test -- ${spec}`,
    ...wrong,
    `The sequence: ${JSON.stringify(smallest, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value))}`,
    ...(trace.length > 0 ? ['What happened in its last round:', ...trace.map((line) => `  ${line}`)] : []),
  ].join('\n');
}
