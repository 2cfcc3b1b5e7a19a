import type { Pool, PoolClient } from 'pg';
import { backoffDelay, type Backoff } from '#kernel';
import type { Publisher, PublishOutcome } from '#messaging';
import { claim, detailsOf, withTransaction, type ClaimedRow, type ClaimScope } from './claim.js';
import { bury, putBack, type Unsent } from './put-back.js';

export interface RoundOptions {
  readonly pool: Pool;
  readonly publisher: Publisher;
  readonly maxAttempts: number;
  readonly retry: Backoff;
  /** Gives the round up: the claim rolls back. */
  readonly abandon: AbortSignal;
  /** Another round is under way on the same channel: a single message is not alone then. */
  readonly beside: boolean;
  /** Called with the rows that were claimed, before they are sent. */
  readonly onClaimed?: (rows: readonly ClaimedRow[]) => void;
}

/** What one round did; the counts are of messages. */
export interface RoundResult {
  readonly claimed: number;
  readonly confirmed: number;
  readonly returned: number;
  readonly nacked: number;
  readonly buried: readonly Unsent[];
  /** The last row claimed, or null for none. */
  readonly lastSeq: number | null;
  /** What had no outcome and is in the outbox as before, or set apart if it was alone. */
  readonly unknown: { readonly count: number; readonly lastSeq: number; readonly reason: string } | null;
}

/** A row that was not confirmed, with what became of it. */
interface Failed {
  readonly row: ClaimedRow;
  readonly outcome: Exclude<PublishOutcome, { readonly kind: 'confirmed' }>;
}

/** Nothing of a batch has an outcome, so its claim rolls back: nothing needs to be written. */
class NothingKnown extends Error {
  constructor(readonly result: RoundResult) {
    super('no message of the batch has an outcome');
  }
}

/**
 * Claims rows, publishes them and settles each by its outcome, in one transaction that stays open meanwhile: whatever ends
 * this process or this connection puts the rows back. The publisher's confirm deadline bounds how long that is.
 *
 * `brokerWorks` says that the broker confirmed something since a message last stayed without outcome: only then may a
 * message that stays without one be to blame for it, and be given up.
 */
export async function runRound(
  options: RoundOptions,
  scope: ClaimScope,
  brokerWorks: boolean,
): Promise<RoundResult> {
  try {
    return await withTransaction(options.pool, async (client) => {
      const rows = await claim(client, scope);
      options.onClaimed?.(rows);
      const failures = await publish(options, rows);
      return settle(client, options, { rows, failures }, brokerWorks);
    });
  } catch (error) {
    if (error instanceof NothingKnown) return error.result;
    throw error;
  }
}

/** Returns the rows that were not confirmed. */
async function publish(
  { publisher, abandon }: RoundOptions,
  rows: readonly ClaimedRow[],
): Promise<readonly Failed[]> {
  if (rows.length === 0) return [];
  const messages = rows.map(({ eventId, routingKey, body }) => ({ id: eventId, routingKey, body }));
  const outcomes = await orAbandoned(publisher.publish(messages), abandon);
  return rows.flatMap((row, index) => {
    const outcome = outcomes[index] ?? { kind: 'unknown', reason: 'the publisher gave no outcome' };
    return outcome.kind === 'confirmed' ? [] : [{ row, outcome }];
  });
}

/** A round that is given up rolls back by this error. */
async function orAbandoned<T>(work: Promise<T>, abandon: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error('the relay was closed before the broker had answered'));
  if (abandon.aborted) giveUp();
  abandon.addEventListener('abort', giveUp);
  try {
    return await Promise.race([work, promise]);
  } finally {
    abandon.removeEventListener('abort', giveUp);
  }
}

async function settle(
  client: PoolClient,
  { maxAttempts, retry, beside }: RoundOptions,
  { rows, failures }: { readonly rows: readonly ClaimedRow[]; readonly failures: readonly Failed[] },
  brokerWorks: boolean,
): Promise<RoundResult> {
  const unknown = failures.filter(({ outcome }) => outcome.kind === 'unknown');
  const refused = failures.filter(({ outcome }) => outcome.kind !== 'unknown').map(failed);
  const alone = rows.length === 1 && !beside;
  // Alone and without outcome: set apart, since it may be what closes the channel.
  const setApart = alone ? unknown.map((one) => ({ ...failed(one), suspect: true })) : [];

  const spent = ({ attempts }: Unsent): boolean => attempts >= maxAttempts;
  const buried = [...refused.filter(spent), ...setApart.filter((one) => spent(one) && brokerWorks)];
  const back = [...refused, ...setApart].filter((one) => !buried.includes(one));

  const returned = failures.filter(({ outcome }) => outcome.kind === 'returned').length;
  const result: RoundResult = {
    claimed: rows.length,
    confirmed: rows.length - failures.length,
    returned,
    nacked: refused.length - returned,
    buried,
    lastSeq: rows.at(-1)?.seq ?? null,
    unknown: describe(unknown),
  };
  if (unknown.length > 0 && unknown.length === rows.length && !alone) throw new NothingKnown(result);

  // Rows that are known are settled even if others of the batch are not: they need not be sent twice.
  const asBefore = alone ? [] : unknown.map(unchanged);
  await putBack(client, [
    ...back.map((one) => ({ ...one, delayMs: backoffDelay(retry, one.attempts) })),
    ...asBefore,
  ]);
  await bury(client, buried);
  return result;
}

function failed({ row, outcome }: Failed): Unsent {
  const details = detailsOf(row);
  return {
    row: { ...row, ...details },
    reason: `${outcome.kind}: ${outcome.reason}`,
    attempts: details.attempts + 1,
    suspect: details.suspect,
  };
}

function unchanged(one: Failed): Unsent & { readonly delayMs: number } {
  const unsent = failed(one);
  return { ...unsent, attempts: unsent.row.attempts, delayMs: 0 };
}

function describe(unknown: readonly Failed[]): RoundResult['unknown'] {
  const last = unknown.at(-1);
  if (last === undefined) return null;
  const { kind, reason } = last.outcome;
  return { count: unknown.length, lastSeq: last.row.seq, reason: `${kind}: ${reason}` };
}
