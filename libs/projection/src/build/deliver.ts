import type { SearchIndex, WriteOperation, WriteOutcome } from '#search';

/** The end of a write: a request that was too large was split until only refused documents were left. */
export type DeliveryOutcome = Exclude<WriteOutcome, { kind: 'too_large' }>;

/**
 * Writes all operations before `deadlineAt` (by `performance.now()`), and answers each in the order given.
 *
 * What the server finds too large is sent again in halves; an operation that is too large alone is refused. What the
 * deadline leaves unsent is a `retry`: its bytes come from a snapshot that is too old by then.
 */
export async function deliver(
  index: SearchIndex,
  operations: readonly WriteOperation[],
  deadlineAt: number,
): Promise<readonly DeliveryOutcome[]> {
  if (operations.length === 0) return [];
  const remainingMs = Math.floor(deadlineAt - performance.now());
  if (remainingMs <= 0) {
    return operations.map(() => ({
      kind: 'retry',
      reason: 'the deadline passed before the write was sent',
      alarm: false,
    }));
  }
  const outcomes = await index.write(operations, remainingMs);
  const tooLarge = outcomes.flatMap((outcome, at) => (outcome.kind === 'too_large' ? [at] : []));
  const again = await deliverInHalves(index, operations, outcomes, tooLarge, deadlineAt);
  return outcomes.map((outcome, at) =>
    outcome.kind === 'too_large' ? (again.get(at) as DeliveryOutcome) : outcome,
  );
}

async function deliverInHalves(
  index: SearchIndex,
  operations: readonly WriteOperation[],
  outcomes: readonly WriteOutcome[],
  tooLarge: readonly number[],
  deadlineAt: number,
): Promise<ReadonlyMap<number, DeliveryOutcome>> {
  const settled = new Map<number, DeliveryOutcome>();
  if (operations.length === 1 && tooLarge.length === 1) {
    const outcome = outcomes[0] as Extract<WriteOutcome, { kind: 'too_large' }>;
    return settled.set(0, {
      kind: 'refused',
      reason: `too large for the index even alone: ${outcome.reason}`,
    });
  }
  const middle = Math.ceil(tooLarge.length / 2);
  for (const half of [tooLarge.slice(0, middle), tooLarge.slice(middle)]) {
    const results = await deliver(
      index,
      half.map((at) => operations[at] as WriteOperation),
      deadlineAt,
    );
    half.forEach((at, position) => settled.set(at, results[position] as DeliveryOutcome));
  }
  return settled;
}
