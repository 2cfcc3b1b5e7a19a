import type { Channel, ConsumeMessage } from 'amqplib';
import type { DeliveryBuffer } from './delivery-buffer.js';

/**
 * The flow of one queue's deliveries into a buffer, with a prefetch that may change.
 *
 * The broker fixes the prefetch of a consumer when it begins, and quorum queues know no common one for a channel. So it is
 * cancelled and begun again. What had been delivered stays unacknowledged on the channel, in the buffer, and does not count
 * for the new consumer: it begins when no more is held than it may fetch, so that both together stay below twice that.
 */
export class Subscription {
  #consumerTag: string | null = null;
  #prefetch = 0;

  constructor(
    private readonly channel: Channel,
    private readonly queue: string,
    private readonly buffer: DeliveryBuffer<ConsumeMessage>,
    /** Called when the channel is of no use any more. */
    private readonly fail: (error: unknown) => void,
  ) {}

  /** Begins, or begins again if `prefetch` is half as much as it was, or twice. Never rejects. */
  async follow(prefetch: number): Promise<void> {
    if (this.#consumerTag !== null) {
      if (prefetch > this.#prefetch / 2 && prefetch < this.#prefetch * 2) return;
      await this.end();
    }
    if (this.buffer.length > prefetch) return;
    try {
      await this.channel.prefetch(prefetch);
      const { consumerTag } = await this.channel.consume(this.queue, (message) => this.#take(message), {
        noAck: false,
      });
      this.#consumerTag = consumerTag;
      this.#prefetch = prefetch;
    } catch (error) {
      this.fail(error);
    }
  }

  /** No more deliveries come when it resolves. Never rejects. */
  async end(): Promise<void> {
    if (this.#consumerTag === null) return;
    const consumerTag = this.#consumerTag;
    this.#consumerTag = null;
    try {
      await this.channel.cancel(consumerTag);
    } catch (error) {
      this.fail(error);
    }
  }

  #take(message: ConsumeMessage | null): void {
    if (message === null) this.fail(new Error(`the broker cancelled the consumer of "${this.queue}"`));
    else this.buffer.push(message, message.content.length);
  }
}
