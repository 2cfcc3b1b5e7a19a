import type { Pool } from 'pg';
import type { Backoff, Logger } from '#kernel';
import type { Publisher } from '#messaging';
import {
  afterOutcomes,
  afterUnknown,
  eitherOf,
  fullBatch,
  rowsWithin,
  type BatchLimit,
} from './batch-limit.js';
import type { ClaimedRow, ClaimScope } from './claim.js';
import type { RelayMetrics } from './metrics.js';
import { runRound, type RoundResult } from './round.js';

export interface BatchesOptions {
  readonly pool: Pool;
  readonly publisher: Publisher;
  readonly logger: Logger;
  readonly metrics: RelayMetrics;
  /** The most rows of a batch; it has fewer when they are long. */
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

export interface LastBatch {
  readonly claimed: number;
  /** It had as many rows as it was allowed to have. */
  readonly full: boolean;
}

/** Messages stayed without outcome: a reason to pause, not a fault of the relay. */
export class WithoutOutcome extends Error {}

/** After so many batches the relay looks around: for messages that are sent alone, and for whoever wants it to pause. */
const mostInARow = 20;
/** Of three no more is seen in the rate than of two. */
const mostAtOnce = 2;
/** What a batch may hold in memory, by the length of the rows before it, and how many rows it has before any was seen. */
const batchBytes = 8 * 1024 * 1024;
const firstRows = 100;

/**
 * Sends the outbox in batches, of which two may be under way: while one waits for its confirms, the next is claimed and
 * written, so that neither the broker nor the database waits for the other (0.6 of the rate of bare publishing became 0.75).
 *
 * Only full batches are followed by another at once, and only while no message is suspected: what stays without outcome
 * is blamed on whatever was on the channel with it, so the search for a culprit has it to itself.
 */
export class Batches {
  #limit: BatchLimit;
  /** How many rows a full batch has. */
  #rows: number;
  #brokerWorks = false;
  #suspectsSeenAt = -Infinity;

  constructor(private readonly options: BatchesOptions) {
    this.#rows = Math.min(firstRows, options.batchSize);
    this.#limit = fullBatch(this.#rows);
  }

  /** How many rows the next batch may have. */
  get limit(): number {
    return this.#limit.limit;
  }

  /**
   * Batches of rows in good standing until one is not full, then one suspect alone. Returns how many rows the last batch
   * had, and whether it was a full one: then more may be waiting.
   * @throws {WithoutOutcome} and what the database throws
   */
  async send(): Promise<LastBatch> {
    const last = await this.#inARow();
    await this.#oneSuspect();
    return last;
  }

  async #inARow(): Promise<LastBatch> {
    const underWay: Promise<LastBatch>[] = [];
    try {
      for (let batches = 1; ; batches += 1) {
        const claimed = Promise.withResolvers<LastBatch>();
        const batch = this.#batch(underWay.length > 0, claimed.resolve);
        underWay.push(batch);
        const { full } = await Promise.race([claimed.promise, batch]);
        if (!(full && this.#goesOn()) || batches === mostInARow) break;
        if (underWay.length === mostAtOnce) await underWay.shift();
      }
      return (await Promise.all(underWay)).at(-1)!;
    } finally {
      await Promise.allSettled(underWay);
    }
  }

  #goesOn(): boolean {
    const { publisher, batchSize, stop } = this.options;
    const nothingSuspected = this.#limit.suspectUpTo === null;
    return nothingSuspected && batchSize > 1 && !stop.aborted && publisher.state === 'open';
  }

  /** One batch of rows in good standing, from its claim to its commit. */
  async #batch(beside: boolean, onClaimed: (batch: LastBatch) => void): Promise<LastBatch> {
    const begun = this.#limit;
    const sizeOf = (claimed: number): LastBatch => ({ claimed, full: claimed === begun.limit });
    const note = (rows: readonly ClaimedRow[]): void => {
      if (rows.length > 0) this.#fit(rows);
      onClaimed(sizeOf(rows.length));
    };
    const result = await this.#round({ kind: 'ordinary', limit: begun.limit }, beside, note);
    const { claimed, lastSeq, unknown } = result;
    if (unknown === null) {
      // One that was under way beside another proves nothing about what the other one left.
      if (begun === this.#limit)
        this.#limit = afterOutcomes(begun, claimed < begun.limit ? null : lastSeq, this.#rows);
      return sizeOf(claimed);
    }
    const left = afterUnknown(unknown.count, unknown.lastSeq);
    const alsoSuspected = begun !== this.#limit && this.#limit.suspectUpTo !== null;
    this.#limit = alsoSuspected ? eitherOf(this.#limit, left) : left;
    // The culprit has been set apart.
    if (claimed === 1 && !beside) this.#limit = fullBatch(this.#rows);
    throw new WithoutOutcome(unknown.reason);
  }

  /** The next full batch has as many rows as fit; a smaller one that looks for a culprit stays as it is. */
  #fit(rows: readonly ClaimedRow[]): void {
    this.#rows = rowsWithin(batchBytes, this.options.batchSize, rows);
    if (this.#limit.suspectUpTo === null) this.#limit = fullBatch(this.#rows);
  }

  /** Not with each batch: it would be two more transactions for a single event. */
  async #oneSuspect(): Promise<void> {
    if (performance.now() - this.#suspectsSeenAt < this.options.suspectsMs) return;
    const { claimed, unknown } = await this.#round({ kind: 'one suspect' }, false);
    if (claimed === 0) this.#suspectsSeenAt = performance.now();
    if (unknown !== null) throw new WithoutOutcome(unknown.reason);
  }

  async #round(
    scope: ClaimScope,
    beside: boolean,
    onClaimed?: (rows: readonly ClaimedRow[]) => void,
  ): Promise<RoundResult> {
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
