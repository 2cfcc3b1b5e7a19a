import type { Channel, ConsumeMessage } from 'amqplib';
import { backoffDelay, messageOf, sleep, type Backoff, type Logger } from '#kernel';
import type {
  BatchHandler,
  ConnectionState,
  ConsumeOptions,
  Consumer,
  ConsumerSize,
  Delivery,
} from '../bus.js';
import type { Topology } from '../topology.js';
import { declareTopology } from './declare-topology.js';
import { DeliveryBuffer } from './delivery-buffer.js';
import { KeptChannel } from './kept-channel.js';
import { Subscription } from './subscription.js';

export interface ConsumerOptions extends ConsumeOptions {
  readonly url: string;
  /** Declared at every (re)connect. */
  readonly topology: Topology;
  readonly logger: Logger;
  readonly connectionName?: string;
  /** The pauses before a batch whose handler rejected is handled again. */
  readonly retry?: Backoff;
  readonly reconnect?: Backoff;
  /** How long `close` lets the running batch go on, in milliseconds, before it aborts the handler's signal. */
  readonly closeDeadlineMs?: number;
}

/**
 * Consumes a queue in batches, from a connection of its own that comes back after every loss.
 *
 * One batch is handled at a time. When the handler resolves, the batch is acknowledged with one frame. When it rejects, the
 * same batch is handled again after a back-off and stays unacknowledged meanwhile: it is not requeued, since that would
 * spend the broker's delivery limit, and `prefetch` bounds what waits behind it. When the channel is lost, the handler's
 * signal aborts and nothing is acknowledged: the broker delivers the batch again.
 */
export function startConsumer(options: ConsumerOptions, handler: BatchHandler): Consumer {
  return new RabbitmqConsumer(options, handler);
}

/** What ends the work on one channel. */
interface Ends {
  readonly lost: AbortSignal;
  /** Lost, or closing: no further batch is begun. */
  readonly stop: AbortSignal;
  /** Lost, or closing for too long: the handler should give up. */
  readonly abandon: AbortSignal;
}

class RabbitmqConsumer implements Consumer {
  /** Ends the taking of batches. */
  readonly #stopping = new AbortController();
  /** Aborts the handler when the deadline of `close` passes. */
  readonly #abandoning = new AbortController();
  readonly #channel: KeptChannel<Channel>;
  #size: ConsumerSize;
  /** The loops over the channels so far; one begins when its predecessor's handler has ended. */
  #work: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: ConsumerOptions,
    private readonly handler: BatchHandler,
  ) {
    this.#size = { prefetch: options.prefetch, maxBatch: options.maxBatch };
    this.#channel = new KeptChannel<Channel>({
      url: options.url,
      connectionName: options.connectionName ?? `prejoin consumer of ${options.queue}`,
      logger: options.logger,
      ...(options.reconnect === undefined ? {} : { reconnect: options.reconnect }),
      create: (connection) => connection.createChannel(),
      prepare: (channel) => declareTopology(channel, options.topology),
      use: (channel, lost) => {
        this.#work = this.#work
          .then(() => this.#consume(channel, lost))
          .catch((error: unknown) => this.#drop(lost, error));
      },
    });
  }

  get state(): ConnectionState {
    return this.#channel.state;
  }

  get size(): ConsumerSize {
    return this.#size;
  }

  resize(size: ConsumerSize): void {
    this.#size = size;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    const deadline = setTimeout(() => this.#abandoning.abort(), this.options.closeDeadlineMs ?? 10_000);
    // The handler may ignore its signal; it is not waited for any longer then.
    await Promise.race([this.#work, aborted(this.#abandoning.signal)]);
    clearTimeout(deadline);
    await this.#channel.close();
  }

  async #consume(channel: Channel, lost: AbortSignal): Promise<void> {
    const ends: Ends = {
      lost,
      stop: AbortSignal.any([lost, this.#stopping.signal]),
      abandon: AbortSignal.any([lost, this.#abandoning.signal]),
    };
    const { stop } = ends;
    if (stop.aborted) return;
    const buffer = new DeliveryBuffer<ConsumeMessage>({ ...this.options, ...this.#size });
    const subscription = new Subscription(channel, this.options.queue, buffer, (error) =>
      this.#drop(lost, error),
    );
    while (!stop.aborted) {
      buffer.resize(this.#size);
      await subscription.follow(this.#size.prefetch);
      const batch = await buffer.nextBatch(stop);
      if (batch.length > 0) await this.#handle(channel, batch, ends);
    }
    // What was buffered but not handled goes back with the channel; no more should come meanwhile.
    if (!lost.aborted) await subscription.end();
  }

  /** Gives the connection up, unless it is lost already: what fails late must not take its successor along. */
  #drop(lost: AbortSignal, error: unknown): void {
    if (lost.aborted) return;
    this.#channel.drop(error instanceof Error ? error : new Error(messageOf(error)));
  }

  /** Handles one batch until it succeeds, the channel is lost, or the consumer closes. */
  async #handle(
    channel: Channel,
    messages: readonly ConsumeMessage[],
    { lost, stop, abandon }: Ends,
  ): Promise<void> {
    const { retry = { baseMs: 100, maxMs: 10_000 }, logger } = this.options;
    const deliveries = messages.map(toDelivery);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.handler(deliveries, abandon);
        if (!lost.aborted) channel.ack(messages.at(-1)!, true);
        return;
      } catch (error) {
        if (stop.aborted) return;
        const delayMs = backoffDelay(retry, attempt);
        logger.warn(
          { err: error, attempt, delayMs, deliveries: deliveries.length },
          'a batch could not be handled; trying it again',
        );
        await sleep(delayMs, stop);
        if (stop.aborted) return;
      }
    }
  }
}

function toDelivery({ content, fields, properties }: ConsumeMessage): Delivery {
  const messageId: unknown = properties.messageId;
  return {
    body: content,
    routingKey: fields.routingKey,
    messageId: typeof messageId === 'string' ? messageId : null,
    redelivered: fields.redelivered,
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
