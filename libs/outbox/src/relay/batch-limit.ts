/**
 * How many rows to claim next. After a batch without outcomes the limit halves until the row that causes it is alone, and
 * stays small until the claims have passed the last row of the first batch that failed.
 */
export interface BatchLimit {
  readonly limit: number;
  /** The last row that may hide the culprit, or null when nothing is suspected. */
  readonly suspectUpTo: number | null;
}

export function fullBatch(batchSize: number): BatchLimit {
  return { limit: batchSize, suspectUpTo: null };
}

/** A batch of `claimed` rows ended without outcomes; `lastSeq` was its last row. */
export function afterUnknown(claimed: number, lastSeq: number): BatchLimit {
  return { limit: Math.max(1, Math.floor(claimed / 2)), suspectUpTo: lastSeq };
}

/** A batch had an outcome for each row. `lastSeq` is null when nothing was left to claim. */
export function afterOutcomes(current: BatchLimit, lastSeq: number | null, batchSize: number): BatchLimit {
  const passed = current.suspectUpTo === null || lastSeq === null || lastSeq >= current.suspectUpTo;
  return passed ? fullBatch(batchSize) : current;
}

/** How many rows may have `bytes` together, at most `most`, when they are as long as these were. */
export function rowsWithin(bytes: number, most: number, seen: readonly { readonly body: Buffer }[]): number {
  const length = seen.reduce((sum, { body }) => sum + body.length, 0);
  return Math.max(1, Math.min(most, Math.floor((bytes * seen.length) / Math.max(1, length))));
}

/** Two batches that were under way together ended without outcomes: the culprit may be in either. */
export function eitherOf(one: BatchLimit, other: BatchLimit): BatchLimit {
  return {
    limit: Math.max(one.limit, other.limit),
    suspectUpTo: Math.max(one.suspectUpTo ?? 0, other.suspectUpTo ?? 0),
  };
}
