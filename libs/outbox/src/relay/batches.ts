import type { Pool } from 'pg';
import type { Backoff, Logger } from '#kernel';
import type { Publisher } from '#messaging';
import { afterOutcomes, afterUnknown, eitherOf, fullBatch, isFull, type BatchLimit } from './batch-limit.js';
import type { ClaimScope } from './claim.js';
import type { RelayMetrics } from './metrics.js';
import { runRound, type RoundResult } from './round.js';

export interface BatchesOptions {
  readonly pool: Pool;
  readonly publisher: Publisher;
  readonly logger: Logger;
  readonly metrics: RelayMetrics;
  readonly batchSize: number;
  readonly maxAttempts: number;
  readonly retry: Backoff;
  /** How often it looks for messages that are only sent alone, in milliseconds. */
  readonly suspectsMs: number;
  /** No further batch is begun. */
  readonly stop: AbortSignal;
  /** What is under way is given up: the claims roll back. */
  readonly abandon: AbortSignal;
}

/** Messages stayed without outcome: a reason to pause, not a fault of the relay. */
export class WithoutOutcome extends Error {}

/** After so many batches the relay looks around: for messages that are sent alone, and for whoever wants it to pause. */
const mostInARow = 20;
/** Of three no more is seen in the rate than of two. */
const mostAtOnce = 2;

/**
 * Sends the outbox in batches, of which two may be under way: while one waits for its confirms, the next is claimed and
 * written, so that neither the broker nor the database waits for the other (0.6 of the rate of bare publishing became 0.75).
 *
 * Only full batches are followed by another at once, and only while no message is suspected: what stays without outcome
 * is blamed on whatever was on the channel with it, so the search for a culprit has it to itself.
 */
export class Batches {
  #limit: BatchLimit;
  #brokerWorks = false;
  #suspectsSeenAt = -Infinity;

  constructor(private readonly options: BatchesOptions) {
    this.#limit = fullBatch(options.batchSize);
  }

  /** How many rows the next batch may have. */
  get limit(): number {
    return this.#limit.limit;
  }

  /**
   * Batches of rows in good standing until one is not full, then one suspect alone. Returns how many rows the last batch had.
   * @throws {WithoutOutcome} and what the database throws
   */
  async send(): Promise<number> {
    const claimed = await this.#inARow();
    await this.#oneSuspect();
    return claimed;
  }

  async #inARow(): Promise<number> {
    const underWay: Promise<number>[] = [];
    try {
      for (let batches = 1; ; batches += 1) {
        const claimed = Promise.withResolvers<number>();
        const batch = this.#batch(underWay.length > 0, claimed.resolve);
        underWay.push(batch);
        const rows = await Promise.race([claimed.promise, batch]);
        if (!this.#goesOn(rows) || batches === mostInARow) break;
        if (underWay.length === mostAtOnce) await underWay.shift();
      }
      return (await Promise.all(underWay)).at(-1) ?? 0;
    } finally {
      await Promise.allSettled(underWay);
    }
  }

  #goesOn(claimed: number): boolean {
    const { publisher, batchSize, stop } = this.options;
    const full = claimed === batchSize && isFull(this.#limit, batchSize);
    return full && batchSize > 1 && !stop.aborted && publisher.state === 'open';
  }

  /** One batch of rows in good standing, from its claim to its commit; returns how many rows it had. */
  async #batch(beside: boolean, onClaimed: (rows: number) => void): Promise<number> {
    const begun = this.#limit;
    const result = await this.#round({ kind: 'ordinary', limit: begun.limit }, beside, onClaimed);
    const { claimed, lastSeq, unknown } = result;
    if (unknown === null) {
      // One that was under way beside another proves nothing about what the other one left.
      if (begun === this.#limit)
        this.#limit = afterOutcomes(begun, claimed < begun.limit ? null : lastSeq, this.options.batchSize);
      return claimed;
    }
    const left = afterUnknown(unknown.count, unknown.lastSeq);
    this.#limit = begun === this.#limit ? left : eitherOf(this.#limit, left);
    // The culprit has been set apart.
    if (claimed === 1 && !beside) this.#limit = fullBatch(this.options.batchSize);
    throw new WithoutOutcome(unknown.reason);
  }

  /** Not with each batch: it would be two more transactions for a single event. */
  async #oneSuspect(): Promise<void> {
    if (performance.now() - this.#suspectsSeenAt < this.options.suspectsMs) return;
    const { claimed, unknown } = await this.#round({ kind: 'one suspect' }, false);
    if (claimed === 0) this.#suspectsSeenAt = performance.now();
    if (unknown !== null) throw new WithoutOutcome(unknown.reason);
  }

  async #round(scope: ClaimScope, beside: boolean, onClaimed?: (rows: number) => void): Promise<RoundResult> {
    const { pool, publisher, maxAttempts, retry, abandon } = this.options;
    const result = await runRound(
      { pool, publisher, maxAttempts, retry, abandon, beside, ...(onClaimed && { onClaimed }) },
      scope,
      this.#brokerWorks,
    );
    if (result.unknown !== null) this.#brokerWorks = false;
    else if (result.confirmed > 0) this.#brokerWorks = true;
    this.#count(result);
    return result;
  }

  #count(result: RoundResult): void {
    const { metrics, logger } = this.options;
    metrics.relayed(result.confirmed);
    metrics.returned(result.returned);
    metrics.nacked(result.nacked);
    metrics.unknown(result.unknown?.count ?? 0);
    metrics.deadLettered(result.buried.length);
    for (const { row, reason, attempts } of result.buried) {
      const { eventId, source, aggregateId, version } = row;
      logger.error(
        { eventId, source, aggregateId, version, attempts, reason },
        'an event went to the dead letters',
      );
    }
  }
}
