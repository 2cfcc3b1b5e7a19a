import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { known } from './testing/known.js';
import { anySequence, failureOf, replayOf } from './testing/sequence.js';
import { bugs, type Bug } from './testing/simulation/bug.js';
import { runSequence } from './testing/simulation/run.js';

const SPEC = 'libs/projection/src/model/simulated';
const REPLAY = replayOf(process.env);
const RUNS = Number(process.env['MODEL_RUNS'] ?? 2_000);
/** Time for all sequences on a busy machine, or for making one that failed smaller. */
const MOST_MS = 60_000 + RUNS * 30;

describe('the engine on simulated servers', () => {
  it(
    `ends at the documents of the services' rows, whatever happens on the way (${RUNS} sequences, seed ${REPLAY.seed})`,
    () => {
      const seen = { documents: 0, crashes: 0 };
      const details = fc.check(
        fc.property(anySequence, (sequence) => {
          const { wrong, documents, crashes } = runSequence(sequence);
          seen.documents += documents;
          seen.crashes += crashes;
          expect(wrong).toEqual([]);
        }),
        { ...REPLAY, numRuns: REPLAY.path === undefined ? RUNS : 1, interruptAfterTimeLimit: MOST_MS },
      );
      const [smallest] = details.counterexample ?? [];
      if (smallest !== undefined) {
        const { wrong, trace } = runSequence(smallest);
        throw new Error(failureOf(details, SPEC, wrong, trace), { cause: details.errorInstance });
      }
      expect(details.interrupted).toBe(false);
      // That it did what it is for: there were documents, and processes died.
      if (REPLAY.path !== undefined) return;
      expect(seen.documents).toBeGreaterThan(RUNS * 10);
      expect(seen.crashes).toBeGreaterThan(RUNS);
    },
    MOST_MS + 10_000,
  );

  it.each(known)('ends at them as well where it once did not: $was', ({ sequence }) => {
    expect(runSequence(sequence).wrong).toEqual([]);
  });
});

/** How many sequences a bug may stay hidden for. */
const MOST_RUNS = 3_000;

/** Seeds with which the bug shows early, so that the test is quick; with any other it shows as well, later. */
const seeds: Readonly<Record<Bug, number>> = {
  'the version check is dropped': 1,
  'the old root is not marked': 1,
  'keys are looked up inside the changing transaction': 3,
  'documents are written without a revision': 5,
  'item errors are ignored': 1,
  'a mark is written only if there is none': 1,
  'the claim commits before the index has answered': 1,
  'the snapshot is taken before the claim': 1,
  'the log is not made durable before the bulk': 9,
  'a deletion leaves no tombstone in the copies': 2,
  'a deletion leaves no tombstone in the index': 3,
  'the scan begins before the generation is registered': 5,
  'triggers are replaced without waiting for open writers': 17,
  'a message is acknowledged before its commit': 1,
  'a look-up goes on one root too far': 1,
};

describe('the engine with a bug', () => {
  it.each(bugs)(
    'is found out when %s',
    (bug) => {
      const details = fc.check(
        fc.property(anySequence, (sequence) => runSequence(sequence, bug).wrong.length === 0),
        { seed: seeds[bug], numRuns: MOST_RUNS, endOnFailure: true },
      );
      expect({ bug, found: details.counterexample !== null, threw: details.errorInstance }).toMatchObject({
        bug,
        found: true,
      });
    },
    60_000,
  );
});
