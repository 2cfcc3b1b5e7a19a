import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import type { SearchIndex, WriteOperation } from '#search';
import { confirmWrites } from '../documents/confirm-writes.js';
import { decideWrites, explainRefused, newestRevisions, type Decision } from '../documents/decide-writes.js';
import { hashOf } from '../documents/hash.js';
import type { Generation } from '../generations/generation.js';
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

/** A document of one generation, or its deletion. */
export interface DocumentWrite {
  readonly generation: Pick<Generation, 'state'>;
  readonly operation: WriteOperation;
}

/**
 * Writes what was read from an ended snapshot, and answers each operation in the order given.
 *
 * What is sent is decided in the transaction that makes the log durable, and committed before anything is sent; what the
 * index took is confirmed afterwards, so that the next builder may find it equal.
 *
 * With `scans` nothing is decided or confirmed: all is sent, and no row is left of it. A builder that finds its document
 * equal to a confirmed one would not know of what a scan has under way. So it may not find one so in a generation that its
 * snapshot lists as being built (documents/hash.ts), and where it lists the generation as swapped in, a scan's writes are
 * of snapshots from before that: the index refuses them after anything that was confirmed since.
 */
export async function writeDocuments(
  context: WriteContext,
  snapshot: Pick<Snapshot<unknown>, 'revision' | 'takenAt'>,
  writes: readonly DocumentWrite[],
  scans = false,
): Promise<readonly DocumentOutcome[]> {
  if (!scans) return writeDecided(context, snapshot, writes);
  await makeDurable(context.pool, () => Promise.resolve());
  return send(
    context,
    snapshot,
    writes.map(({ operation }) => operation),
  );
}

async function writeDecided(
  context: WriteContext,
  snapshot: Pick<Snapshot<unknown>, 'revision' | 'takenAt'>,
  writes: readonly DocumentWrite[],
): Promise<readonly DocumentOutcome[]> {
  const { pool, logger } = context;
  const { revision } = snapshot;
  const hashed = writes.map(({ operation, generation }) => ({
    operation,
    hash: hashOf(operation, generation.state),
  }));
  const taken = await makeDurable(pool, (client) => decideWrites(client, revision, hashed), {
    onRetry: (code, attempt) =>
      logger.warn({ code, attempt }, 'What to send was rolled back by the database; it is decided again'),
  });
  const decisions = await explainRefused(pool, hashed, taken);
  const toSend = hashed.filter((_, at) => decisions[at]?.kind === 'send');
  const outcomes = await send(
    context,
    snapshot,
    toSend.map(({ operation }) => operation),
  );
  await confirmWrites(
    pool,
    revision,
    toSend.filter((_, at) => outcomes[at]?.kind === 'done'),
  );
  return inOrder(decisions, outcomes);
}

async function send(
  context: WriteContext,
  { revision, takenAt }: Pick<Snapshot<unknown>, 'revision' | 'takenAt'>,
  operations: readonly WriteOperation[],
): Promise<readonly DeliveryOutcome[]> {
  const delivered = await deliver(context.index, operations, takenAt + context.deadlineMs);
  return withoutObsolete(context, revision, operations, delivered);
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
