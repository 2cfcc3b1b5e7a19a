import type { ConfirmChannel } from 'amqplib';
import type { Backoff, Logger } from '#kernel';
import type { ConnectionState, OutgoingMessage, Publisher, PublishOutcome } from '../bus.js';
import type { Topology } from '../topology.js';
import { declareTopology } from './declare-topology.js';
import { KeptChannel } from './kept-channel.js';
import { PublishWindow } from './publish-window.js';

export interface PublisherOptions {
  readonly url: string;
  readonly exchange: string;
  /** Declared at every (re)connect, so that neither exchange nor queues can be missing for longer than that. */
  readonly topology: Topology;
  readonly logger: Logger;
  readonly connectionName?: string;
  /** How long one call of `publish` may wait for its outcomes, in milliseconds. */
  readonly confirmDeadlineMs?: number;
  /** How many messages may be on their way unconfirmed: two batches of a relay, since what goes out at once costs both ends less. */
  readonly window?: number;
  readonly reconnect?: Backoff;
}

/**
 * A publisher that connects in the background and comes back after every loss; until it is connected its state is
 * `closed` and publishing answers `unknown`. Messages are persistent and mandatory: one that no queue takes is `returned`.
 *
 * Give each relay a publisher of its own: a message that makes the broker close the channel leaves everything that is on
 * its way without an outcome.
 */
export function connectPublisher(options: PublisherOptions): Publisher {
  return new RabbitmqPublisher(options);
}

class RabbitmqPublisher implements Publisher {
  #window: PublishWindow | null = null;
  readonly #channel: KeptChannel<ConfirmChannel>;
  readonly #confirmDeadlineMs: number;

  constructor({ confirmDeadlineMs = 10_000, window = 2_000, ...options }: PublisherOptions) {
    this.#confirmDeadlineMs = confirmDeadlineMs;
    this.#channel = new KeptChannel<ConfirmChannel>({
      url: options.url,
      connectionName: options.connectionName ?? 'prejoin publisher',
      logger: options.logger,
      ...(options.reconnect === undefined ? {} : { reconnect: options.reconnect }),
      create: (connection) => connection.createConfirmChannel(),
      prepare: (channel) => declareTopology(channel, options.topology),
      use: (channel, lost) => {
        this.#window = new PublishWindow(channel, lost, options.exchange, window);
      },
    });
  }

  get state(): ConnectionState {
    return this.#channel.state;
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<readonly PublishOutcome[]> {
    const { state } = this;
    if (state !== 'open' || this.#window === null) {
      return messages.map(() => ({ kind: 'unknown', reason: `the connection is ${state}` }));
    }
    const { outcomes, overdue } = await this.#window.publish(messages, this.#confirmDeadlineMs);
    // A blocked connection is kept: a new one would not know that it is blocked before it has published in vain.
    if (overdue && this.state === 'open') {
      this.#channel.drop(new Error(`the broker confirmed too little within ${this.#confirmDeadlineMs} ms`));
    }
    return outcomes;
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}
