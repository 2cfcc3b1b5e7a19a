/**
 * One event: the whole state of one aggregate after one change (design rule 1).
 *
 * Versions are compared as (epoch, version); nothing else about an event orders it.
 */
export interface Envelope<State = unknown> {
  /** UUIDv7 of the event itself: the key of every inbox. */
  readonly id: string;
  /** The business name, in the past tense: `OrderPlaced`. */
  readonly name: string;
  /** The source that the aggregate belongs to: `order`. */
  readonly source: string;
  readonly aggregateId: string;
  /** Raised by a service whose database was restored to an older state; above `version` in every comparison. */
  readonly epoch: number;
  /** Rises by one per event of the aggregate, from 1. */
  readonly version: number;
  readonly deleted: boolean;
  /** RFC 3339, UTC, with milliseconds. */
  readonly occurredAt: string;
  /** W3C trace context of the request that caused it, or null. */
  readonly traceparent: string | null;
  /** The aggregate's state as its source declares it; null when deleted. */
  readonly data: State | null;
}
