import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import type { SearchIndex, WriteOperation } from '#search';
import { confirmWrites } from '../documents/confirm-writes.js';
import { decideWrites, newestRevisions, type Decision } from '../documents/decide-writes.js';
import { hashOf } from '../documents/hash.js';
import { makeDurable } from '../revision/durable.js';
import type { Snapshot } from '../revision/snapshot.js';
import { deliver, type DeliveryOutcome } from './deliver.js';

export interface WriteContext {
  readonly pool: Pool;
  readonly index: SearchIndex;
  /** From the snapshot to the last byte sent. */
  readonly deadlineMs: number;
  readonly logger: Logger;
}

/** `unchanged`: the index holds the same document, so it was not sent. */
export type DocumentOutcome = DeliveryOutcome | { readonly kind: 'unchanged' };

/**
 * Writes what was read from an ended snapshot, and answers each operation in the order given.
 *
 * What is sent is decided in the transaction that makes the log durable, and committed before anything is sent; what the
 * index took is confirmed afterwards, so that the next builder may find it equal.
 */
export async function writeDocuments(
  context: WriteContext,
  { revision, takenAt }: Pick<Snapshot, 'revision' | 'takenAt'>,
  operations: readonly WriteOperation[],
): Promise<readonly DocumentOutcome[]> {
  const { pool, index, deadlineMs, logger } = context;
  const writes = operations.map((operation) => ({ operation, hash: hashOf(operation) }));
  const decisions = await makeDurable(pool, (client) => decideWrites(client, revision, writes), {
    onRetry: (code, attempt) =>
      logger.warn({ code, attempt }, 'What to send was rolled back by the database; it is decided again'),
  });
  const sent = writes.filter((_, at) => decisions[at]?.kind === 'send');
  const delivered = await deliver(
    index,
    sent.map(({ operation }) => operation),
    takenAt + deadlineMs,
  );
  const taken = sent.filter((_, at) => delivered[at]?.kind === 'done');
  await confirmWrites(pool, revision, taken);
  const outcomes = await withoutObsolete(
    context,
    revision,
    sent.map(({ operation }) => operation),
    delivered,
  );
  return inOrder(decisions, outcomes);
}

function inOrder(
  decisions: readonly Decision[],
  outcomes: readonly DeliveryOutcome[],
): readonly DocumentOutcome[] {
  let next = 0;
  return decisions.map((decision) =>
    decision.kind === 'send' ? (outcomes[next++] as DeliveryOutcome) : decision,
  );
}

/**
 * The index refuses a document before it looks at its revision. One that a newer builder has decided about meanwhile is
 * not the document of now, and must not leave a dead letter that nobody heals.
 */
async function withoutObsolete(
  { pool }: Pick<WriteContext, 'pool'>,
  revision: number,
  operations: readonly WriteOperation[],
  outcomes: readonly DeliveryOutcome[],
): Promise<readonly DeliveryOutcome[]> {
  const refused = operations.filter((_, at) => outcomes[at]?.kind === 'refused');
  if (refused.length === 0) return outcomes;
  const newest = await newestRevisions(pool, refused);
  return outcomes.map((outcome, at) => {
    const current = newest.of(operations[at] as WriteOperation);
    return outcome.kind === 'refused' && current !== null && current > revision
      ? { kind: 'superseded', current }
      : outcome;
  });
}
