/** A message as it goes out: the body is ready bytes, so that nothing between outbox and broker parses it. */
export interface OutgoingMessage {
  /** Becomes the broker's message id; the event id. */
  readonly id: string;
  readonly routingKey: string;
  readonly body: Buffer;
}

/**
 * What became of one published message.
 *
 * `unknown` means that the channel closed or the deadline passed before the broker answered: the message may or may not
 * have arrived, so the sender keeps it and sends it again.
 */
export type PublishOutcome =
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'returned'; readonly reason: string }
  | { readonly kind: 'nacked'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export type ConnectionState = 'open' | 'blocked' | 'closed';

/** Sends messages with confirms. One publisher owns one connection, apart from every consuming one. */
export interface Publisher {
  /** `blocked` while the broker refuses publishes (memory or disk alarm); claim nothing then. */
  readonly state: ConnectionState;
  /**
   * Publishes all messages and resolves when each has an outcome, in the order given. It never rejects for what the
   * broker does: a lost connection makes the outcomes `unknown`.
   */
  publish(messages: readonly OutgoingMessage[]): Promise<readonly PublishOutcome[]>;
  close(): Promise<void>;
}

export interface Delivery {
  readonly body: Buffer;
  readonly routingKey: string;
  readonly messageId: string | null;
  readonly redelivered: boolean;
}

export interface ConsumeOptions {
  readonly queue: string;
  /** The most deliveries that are held unacknowledged: this bounds memory. */
  readonly prefetch: number;
  readonly maxBatch: number;
  readonly maxBatchBytes: number;
  /** How long after a batch the next one waits for company, in milliseconds: what comes later than that waits for none. */
  readonly maxAgeMs: number;
}

/**
 * Handles one batch. Resolving acknowledges all of it. Rejecting keeps it unacknowledged: the consumer calls again with
 * the same batch after a back-off, in the process, since a requeue spends the broker's delivery limit.
 */
export type BatchHandler = (batch: readonly Delivery[], signal: AbortSignal) => Promise<void>;

/** How much a consumer takes at once. */
export type ConsumerSize = Pick<ConsumeOptions, 'prefetch' | 'maxBatch'>;

export interface Consumer {
  readonly state: ConnectionState;
  /** What it was last told. */
  readonly size: ConsumerSize;
  /**
   * Takes batches of another size from now on, and lets the prefetch follow when it is to be half as much, or twice: what
   * is not fetched stays in the broker, for other consumers.
   */
  resize(size: ConsumerSize): void;
  /** Stops taking deliveries, lets the running batch end, and closes. What was not acknowledged goes back. */
  close(): Promise<void>;
}
