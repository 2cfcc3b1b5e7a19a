import type { Pool, PoolClient } from 'pg';
import { messageOf, type Logger } from '#kernel';
import type { Delivery } from '#messaging';
import { emptyLetter, insertDeadLetters, type DeadLetter } from '../dead-letters/dead-letters.js';
import { healDeadLetters } from '../dead-letters/heal.js';
import type { ProjectionMetrics } from '../metrics.js';
import { inTransaction, sqlState } from '../schema/transaction.js';
import type { Change } from './change.js';
import { applyBatch, type Applied } from './apply-batch.js';
import { readDelivery, type ReadDelivery, type ReceivedSource } from './read-delivery.js';

export interface ApplyDependencies {
  readonly pool: Pool;
  readonly sources: ReadonlyMap<string, ReceivedSource>;
  readonly logger: Logger;
  readonly metrics: ProjectionMetrics;
  /** Called once changes are committed, before dead letters are looked for: whoever builds need not wait for that. */
  readonly onCommitted?: () => void;
  /** Told of each message that became a dead letter once that is committed; absent is an error in the log. */
  readonly onLetter?: (letter: DeadLetter) => void;
}

type ReadChange = Extract<ReadDelivery, { kind: 'change' }>;

/**
 * Applies a batch of messages: when it resolves each of them is in the copies, superseded, or a dead letter, on disk.
 * It rejects only for what another attempt may cure (a lost database, a missing table), and then nothing of it counts.
 */
export async function applyDeliveries(
  deliveries: readonly Delivery[],
  deps: ApplyDependencies,
): Promise<void> {
  const read = deliveries.map((delivery) => readDelivery(delivery, deps.sources));
  const changes = read.filter((one) => one.kind === 'change');
  const letters = read.flatMap((one) => (one.kind === 'fault' ? [one.letter] : []));

  await applyOrIsolate(changes, letters, deps);
  await healDeadLetters(deps.pool, [
    ...changes.map(({ change }) => change),
    ...letters.flatMap(({ source, aggregateId }) =>
      source === null || aggregateId === null || !deps.sources.has(source)
        ? []
        : [{ source, id: aggregateId }],
    ),
  ]);
  reportOpenValues(changes, deps);
}

/**
 * One transaction for all. If the database refuses the data of any, by halves until the one is alone, which becomes a
 * dead letter: its neighbours must not wait for it. Splitting is safe because versions decide and not the order.
 */
async function applyOrIsolate(
  changes: readonly ReadChange[],
  letters: readonly DeadLetter[],
  deps: ApplyDependencies,
): Promise<void> {
  try {
    await applyTogether(changes, letters, deps);
  } catch (error) {
    const [first] = changes;
    if (!isRefusedData(error) || first === undefined) throw error;
    if (changes.length === 1) return applyTogether([], [...letters, constraintLetter(first, error)], deps);
    const half = Math.ceil(changes.length / 2);
    await applyOrIsolate(changes.slice(0, half), letters, deps);
    await applyOrIsolate(changes.slice(half), [], deps);
  }
}

async function applyTogether(
  changes: readonly ReadChange[],
  letters: readonly DeadLetter[],
  deps: ApplyDependencies,
): Promise<void> {
  const work = async (client: PoolClient): Promise<readonly Applied[]> => {
    const applied = await applyBatch(
      client,
      changes.map(({ change }) => change),
    );
    await insertDeadLetters(client, letters);
    return applied;
  };
  const onRetry = (code: string, attempt: number): void => {
    deps.metrics.retried(code);
    deps.logger.warn(
      { code, attempt, changes: changes.length },
      'A batch was rolled back by the database; it is repeated.',
    );
  };
  const results = await inTransaction(deps.pool, work, { onRetry });
  deps.onCommitted?.();
  for (const result of results) reportApplied(result, deps);
  for (const { change } of changes) deps.logger.debug(namesOf(change), 'Event handled');
  reportLetters(letters, deps);
}

/** Data exceptions, broken constraints, and values that exceed a limit such as an index row's size. */
function isRefusedData(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error) ?? '');
}

function constraintLetter({ change, delivery }: ReadChange, error: unknown): DeadLetter {
  return {
    ...emptyLetter,
    kind: 'constraint',
    reason: `The database refused it: ${messageOf(error)} (SQLSTATE ${sqlState(error)}).`,
    source: change.source,
    aggregateId: change.id,
    epoch: change.epoch,
    version: change.version,
    body: delivery.body,
    messageId: delivery.messageId,
  };
}

function reportApplied(
  { source, applied, superseded, duplicate, conflicting }: Applied,
  deps: ApplyDependencies,
): void {
  const { metrics, logger } = deps;
  metrics.applied(source, 'applied', applied);
  metrics.applied(source, 'superseded', superseded);
  metrics.applied(source, 'duplicate', duplicate);
  metrics.applied(source, 'conflicting', conflicting.length);
  for (const change of conflicting) {
    logger.error(
      { alarm: 'version_conflict', ...namesOf(change) },
      'An event has the version of one that was applied and other data. The first stays. Was the service restored to an older state? Then run npx prejoin resync <source> --raise-epoch.',
    );
  }
}

/** What log lines call an event by: itself, its aggregate, and the trace that it came of. */
function namesOf({ eventId, traceparent, source, id, epoch, version }: Change): object {
  return { eventId, traceId: traceparent?.split('-')[1], source, id, epoch, version };
}

function reportLetters(
  letters: readonly DeadLetter[],
  { metrics, logger, onLetter }: ApplyDependencies,
): void {
  const log = ({ kind, reason, source, aggregateId, epoch, version, messageId }: DeadLetter): void =>
    logger.error(
      { kind, reason, source, aggregateId, epoch, version, messageId },
      'A message became a dead letter.',
    );
  for (const letter of letters) {
    metrics.deadLettered(letter.kind, 1);
    (onLetter ?? log)(letter);
  }
}

function reportOpenValues(changes: readonly ReadChange[], { metrics, logger }: ApplyDependencies): void {
  for (const [source, of] of Map.groupBy(changes, ({ change }) => change.source)) {
    const values = of.flatMap(({ openValues }) => openValues);
    if (values.length === 0) continue;
    metrics.unknownEnumValues(source, values.length);
    logger.warn(
      { source, count: values.length, values: [...new Set(values)].slice(0, 10) },
      'Events have values that their source does not declare. They are indexed; declare them.',
    );
  }
}
