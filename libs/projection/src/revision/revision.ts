import { PrejoinError } from '#kernel';

/** The counter's share of a revision: 4.4 · 10^12 transactions per epoch leave 2 047 epochs below 2^53. */
const COUNTER_SIZE = 2 ** 42;

/** A revision that no longer fits: beyond 2^53 a JavaScript number would silently merge neighbours. */
export class RevisionRangeError extends PrejoinError {
  constructor(epoch: number, counter: number) {
    super('revision_range', `Epoch ${epoch} with transaction counter ${counter} does not fit a revision.`, {
      remedy: 'Move the projection to a fresh database and rebuild every view under a new index prefix.',
    });
  }
}

/**
 * `epoch · 2^42 + counter`: what orders the documents of a view (design rule 6).
 * @throws {RevisionRangeError} when the result would not be a safe integer
 */
export function composeRevision(epoch: number, counter: number): number {
  const fits = counter >= 0 && counter < COUNTER_SIZE && epoch >= 0 && epoch < 2 ** 53 / COUNTER_SIZE;
  if (!fits) throw new RevisionRangeError(epoch, counter);
  return epoch * COUNTER_SIZE + counter;
}

/** The epoch that a revision was composed with. */
export function epochOf(revision: number): number {
  return Math.floor(revision / COUNTER_SIZE);
}

/** The lowest revision of the epoch that `revision` was composed with. */
export function startOfEpoch(revision: number): number {
  return composeRevision(epochOf(revision), 0);
}

/** Whether there is a revision of a higher epoch, so that a document of this one can be written over. */
export function canBeExceeded(revision: number): boolean {
  return (epochOf(revision) + 2) * COUNTER_SIZE <= 2 ** 53;
}
