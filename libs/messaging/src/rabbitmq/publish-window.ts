import { IllegalOperationError, type ConfirmChannel, type Message } from 'amqplib';
import { messageOf } from '#kernel';
import type { OutgoingMessage, PublishOutcome } from '../bus.js';

export interface WindowResult {
  readonly outcomes: readonly PublishOutcome[];
  /** The deadline passed before the last outcome. */
  readonly overdue: boolean;
}

/**
 * The messages on their way through one confirm channel: at most `limit` unconfirmed, and none written while the channel's
 * buffer is full, since amqplib queues without bound in memory whatever is written then.
 *
 * Confirms are counted by callback; a promise per message (waitForConfirms) costs more than the message. Metadata stays in
 * the body: header tables halve amqplib's throughput.
 */
export class PublishWindow {
  #inFlight = 0;
  #bufferFull = false;
  #lastTag = 0;
  readonly #batches = new Set<Batch>();
  readonly #returned = new Map<string, string>();

  constructor(
    private readonly channel: ConfirmChannel,
    private readonly lost: AbortSignal,
    private readonly exchange: string,
    private readonly limit: number,
  ) {
    channel.on('return', (message: Message) => this.#noteReturn(message));
    channel.on('drain', () => {
      this.#bufferFull = false;
      this.#writeMore();
    });
    lost.addEventListener('abort', () => this.#abandonAll(messageOf(lost.reason)));
  }

  /** Resolves when every message has an outcome, when the deadline passes, or when the channel is lost. */
  async publish(messages: readonly OutgoingMessage[], deadlineMs: number): Promise<WindowResult> {
    const batch = new Batch(messages);
    this.#batches.add(batch);
    let overdue = false;
    const timer = setTimeout(() => {
      overdue = true;
      batch.abandon(`no confirm within ${deadlineMs} ms`);
    }, deadlineMs);

    if (this.lost.aborted) batch.abandon(messageOf(this.lost.reason));
    else this.#writeMore();
    const outcomes = await batch.outcomes;

    clearTimeout(timer);
    this.#batches.delete(batch);
    return { outcomes, overdue };
  }

  #writeMore(): void {
    for (const batch of this.#batches) {
      while (this.#inFlight < this.limit && !this.#bufferFull && !this.lost.aborted) {
        const index = batch.takeNext();
        if (index === null) break;
        this.#write(batch, index);
      }
    }
  }

  #write(batch: Batch, index: number): void {
    const message = batch.messages[index]!;
    // Names this attempt: a return belongs to it, and not to an earlier attempt with the same message id.
    const tag = (this.#lastTag += 1).toString(36);
    const settle = (refusal: unknown): void => {
      this.#inFlight -= 1;
      batch.settle(index, this.#outcomeOf(tag, refusal));
      this.#writeMore();
    };
    const properties = {
      messageId: message.id,
      correlationId: tag,
      contentType: 'application/json',
      persistent: true,
      mandatory: true,
    };
    try {
      this.#inFlight += 1;
      const goOn = this.channel.publish(this.exchange, message.routingKey, message.body, properties, settle);
      if (!goOn) this.#bufferFull = true;
    } catch (error) {
      this.#inFlight -= 1;
      batch.settle(index, this.#unwritten(error));
    }
  }

  /** The broker acknowledges what it returned as well, after it returned it. */
  #outcomeOf(tag: string, refusal: unknown): PublishOutcome {
    const returned = this.#returned.get(tag);
    this.#returned.delete(tag);
    if (this.lost.aborted) return { kind: 'unknown', reason: messageOf(this.lost.reason) };
    if (refusal !== null && refusal !== undefined)
      return { kind: 'nacked', reason: 'the broker refused it (nack)' };
    return returned === undefined ? { kind: 'confirmed' } : { kind: 'returned', reason: returned };
  }

  /** amqplib throws before it writes anything: the channel is gone, or this message can not be put into frames. */
  #unwritten(error: unknown): PublishOutcome {
    const channelGone = error instanceof IllegalOperationError;
    return { kind: channelGone ? 'unknown' : 'nacked', reason: messageOf(error) };
  }

  #noteReturn({ fields, properties }: Message): void {
    const tag: unknown = properties.correlationId;
    // A return's fields are not those of a delivery, which is what amqplib's types say of every message.
    const { replyCode, replyText } = fields as unknown as { replyCode: number; replyText: string };
    if (typeof tag === 'string')
      this.#returned.set(tag, `${replyCode} ${replyText} for routing key "${fields.routingKey}"`);
  }

  #abandonAll(reason: string): void {
    this.#returned.clear();
    for (const batch of this.#batches) batch.abandon(reason);
  }
}

/** One call of publish: its messages, which of them were written, and what became of each. */
class Batch {
  readonly outcomes: Promise<readonly PublishOutcome[]>;
  readonly #finish: (outcomes: readonly PublishOutcome[]) => void;
  readonly #settled: (PublishOutcome | undefined)[];
  #missing: number;
  #next = 0;

  constructor(readonly messages: readonly OutgoingMessage[]) {
    const { promise, resolve } = Promise.withResolvers<readonly PublishOutcome[]>();
    this.outcomes = promise;
    this.#finish = resolve;
    this.#settled = new Array<undefined>(messages.length).fill(undefined);
    this.#missing = messages.length;
    if (messages.length === 0) resolve([]);
  }

  /** The index of the next message to write, or null. */
  takeNext(): number | null {
    return this.#next < this.messages.length && this.#missing > 0 ? this.#next++ : null;
  }

  /** The first outcome stands: a confirm that comes after the deadline changes nothing. */
  settle(index: number, outcome: PublishOutcome): void {
    if (this.#settled[index] !== undefined) return;
    this.#settled[index] = outcome;
    this.#missing -= 1;
    if (this.#missing === 0) this.#finish(this.#settled as PublishOutcome[]);
  }

  abandon(reason: string): void {
    for (let index = 0; index < this.messages.length; index += 1)
      this.settle(index, { kind: 'unknown', reason });
  }
}
