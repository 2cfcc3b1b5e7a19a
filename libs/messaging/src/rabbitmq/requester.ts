import { connect, type ChannelModel, type ConfirmChannel, type Message } from 'amqplib';
import { messageOf, newId, PrejoinError, sleep } from '#kernel';
import { decodeAnswer, type ServiceAnswer } from '../requests/answer.js';
import { encodeRequest, type ServiceRequest } from '../requests/request.js';
import { replyQueue, requestQueue } from '../topology.js';
import { brokerUrl, closeWithin, connectTimeoutMs } from './kept-channel.js';

export interface RequesterOptions {
  readonly url: string;
  readonly busPrefix: string;
  /** How long a request may wait for its service, in milliseconds: nobody wants one of yesterday to begin. */
  readonly requestTtlMs?: number;
}

/** Asks services, and hears their answers, for one command of a person: one call at a time. */
export interface Requester {
  /** The queue that answers come to, for `replyTo`. */
  readonly replyTo: string;
  /** Resolves when the broker has the request. @throws {PrejoinError} `service_not_there`, `broker_away` */
  send(owner: string, request: ServiceRequest): Promise<void>;
  /** The next answer, or null if none comes within `waitMs` or before `signal`. @throws {PrejoinError} `broker_away` */
  next(waitMs: number, signal: AbortSignal): Promise<ServiceAnswer | null>;
  /** How many messages wait in a queue, without those that a consumer holds. @throws what the broker answers */
  waiting(queue: string): Promise<number>;
  close(): Promise<void>;
}

/**
 * Connects once: its reply queue goes with the connection, and a new one would miss what was answered meanwhile. Who
 * loses it starts again, which joins what goes on.
 * @throws {PrejoinError} `broker_away`
 */
export async function connectRequester(options: RequesterOptions): Promise<Requester> {
  const { url, busPrefix, requestTtlMs = 30_000 } = options;
  const replyTo = replyQueue(busPrefix, newId());
  let connection: ChannelModel | undefined;
  try {
    connection = await connect(brokerUrl(url), { noDelay: true, timeout: connectTimeoutMs });
    const channel = await connection.createConfirmChannel();
    const requester = new RabbitmqRequester(connection, channel, replyTo, { busPrefix, requestTtlMs });
    await channel.assertQueue(replyTo, { exclusive: true, autoDelete: true, durable: false });
    await channel.consume(replyTo, (message) => requester.take(message), { noAck: true });
    return requester;
  } catch (error) {
    if (connection !== undefined) await closeWithin(connection, 1_000);
    throw brokerAway(error);
  }
}

class RabbitmqRequester implements Requester {
  readonly #answers: ServiceAnswer[] = [];
  readonly #returned = new Set<string>();
  #lost: Error | null = null;
  #wake = new AbortController();

  constructor(
    private readonly connection: ChannelModel,
    private readonly channel: ConfirmChannel,
    readonly replyTo: string,
    private readonly options: { readonly busPrefix: string; readonly requestTtlMs: number },
  ) {
    const lose = (reason: unknown): void => {
      this.#lost ??= reason instanceof Error ? reason : new Error('the connection was closed');
      this.#wake.abort();
    };
    for (const emitter of [connection, channel]) emitter.on('error', lose).on('close', lose);
    channel.on('return', (message: Message) => this.#returned.add(String(message.properties.messageId)));
  }

  take(message: Message | null): void {
    const answer = message === null ? null : decodeAnswer(message.content);
    if (answer !== null) this.#answers.push(answer);
    this.#wake.abort();
  }

  async send(owner: string, request: ServiceRequest): Promise<void> {
    const { busPrefix, requestTtlMs } = this.options;
    const queue = requestQueue(busPrefix, owner);
    const messageId = newId();
    try {
      const properties = { messageId, mandatory: true, persistent: true, expiration: requestTtlMs };
      this.channel.publish('', queue, encodeRequest(request), properties);
      await this.channel.waitForConfirms();
    } catch (error) {
      throw brokerAway(error);
    }
    // The broker returns a message before it confirms it.
    if (!this.#returned.delete(messageId)) return;
    throw new PrejoinError('service_not_there', `There is no queue ${queue}: ${owner} was never started.`, {
      remedy: 'Start the app that hosts it with RELAY=on, and look that BUS_PREFIX is the same for both.',
    });
  }

  async next(waitMs: number, signal: AbortSignal): Promise<ServiceAnswer | null> {
    if (this.#answers.length === 0 && this.#lost === null) {
      this.#wake = new AbortController();
      await sleep(waitMs, AbortSignal.any([signal, this.#wake.signal]));
    }
    const answer = this.#answers.shift();
    if (answer === undefined && this.#lost !== null) throw brokerAway(this.#lost);
    return answer ?? null;
  }

  async waiting(queue: string): Promise<number> {
    // A channel of its own: asking for a queue that is not there closes it.
    const channel = await this.connection.createChannel();
    channel.on('error', () => undefined);
    const { messageCount } = await channel.checkQueue(queue);
    await channel.close();
    return messageCount;
  }

  async close(): Promise<void> {
    // A connection that is lost is closed already.
    if (this.#lost === null) await this.connection.close();
  }
}

function brokerAway(cause: unknown): PrejoinError {
  return new PrejoinError('broker_away', `The broker can not be used: ${messageOf(cause)}.`, {
    cause,
    remedy:
      'Check RABBITMQ_URL and that the server runs, and run the command again: it goes on where it was.',
  });
}
