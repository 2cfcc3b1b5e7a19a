import fc from 'fast-check';
import { messageOf } from '#kernel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRealEngine, type RealEngine } from './testing/real/engine.js';
import { failureOf, replayOf, shortSequence, type Sequence } from './testing/sequence.js';

const SPEC = 'libs/projection/src/model/real';
const REPLAY = replayOf(process.env);
/** What a run of everything has time for, of which the faults are likely to be seen, and what they are sure to be seen in. */
const [FEW, MOST] = [24, 60];
const RUNS = REPLAY.path === undefined ? Number(process.env['MODEL_REAL_RUNS'] ?? FEW) : 1;
/** Each has servers' objects of its own and runs one sequence at a time, most of which is waiting. */
const ENGINES = Math.min(3, RUNS);

describe('the engine on real servers', () => {
  let engines: readonly RealEngine[] = [];
  beforeAll(async () => {
    engines = await Promise.all(Array.from({ length: ENGINES }, openRealEngine));
  }, 120_000);
  afterAll(() => Promise.all(engines.map((engine) => engine.pipeline.dispose())));

  it(
    `ends at the documents of the services' rows, whatever happens on the way (${RUNS} sequences, seed ${REPLAY.seed})`,
    async () => {
      const sequences = [...fc.sample(shortSequence, { ...REPLAY, numRuns: Math.max(RUNS, MOST) }).entries()];
      await runAll(engines, sequences.slice(0, RUNS));
      // Chance may have left something out of a few sequences.
      if (RUNS >= FEW && RUNS < MOST && unseen(engines).length > 0)
        await runAll(engines, sequences.slice(RUNS, MOST));
      expect(engines.flatMap((engine) => engine.pipeline.alarms)).not.toContain('revision_ahead');
      // That it did what it is for.
      if (RUNS >= FEW) expect(unseen(engines)).toEqual([]);
    },
    60_000 + Math.max(RUNS, MOST) * 5_000,
  );
});

/** What was to be done to the engine, and never was. */
function unseen(engines: readonly RealEngine[]): readonly string[] {
  const all = Object.keys(engines[0]?.seen ?? {}) as (keyof RealEngine['seen'])[];
  return all.filter((key) => engines.every(({ seen }) => seen[key] === 0));
}

/**
 * Runs each sequence on one of the engines, until one of them fails. It is not made smaller: chance is not all in the
 * seed here, so that a smaller sequence may pass that fails as well.
 */
async function runAll(
  engines: readonly RealEngine[],
  sequences: readonly (readonly [run: number, sequence: Sequence])[],
): Promise<void> {
  const left = sequences.values();
  const failures: Error[] = [];
  const runSome = async (engine: RealEngine): Promise<void> => {
    for (const [run, sequence] of left) {
      const failure = await failureIn(engine, run, sequence);
      if (failure !== null) failures.push(failure);
      if (failures.length > 0) return;
    }
  };
  await Promise.all(engines.map(runSome));
  if (failures[0] !== undefined) throw failures[0];
}

async function failureIn(engine: RealEngine, run: number, sequence: Sequence): Promise<Error | null> {
  const details = {
    seed: REPLAY.seed,
    counterexamplePath: REPLAY.path ?? String(run),
    counterexample: [sequence] satisfies [Sequence],
    numRuns: run + 1,
    numShrinks: 0,
  };
  try {
    const wrong = await engine.run(sequence);
    return wrong.length === 0 ? null : new Error(failureOf(details, SPEC, wrong));
  } catch (error) {
    return new Error(failureOf(details, SPEC, [messageOf(error)]), { cause: error });
  }
}
