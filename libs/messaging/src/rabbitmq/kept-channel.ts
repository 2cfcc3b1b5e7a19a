import type { SocketConstructorOpts } from 'node:net';
import { connect, type Channel, type ChannelModel, type SocketOptions } from 'amqplib';
import { backoffDelay, messageOf, sleep, type Backoff, type Logger } from '#kernel';
import type { ConnectionState } from '../bus.js';

export interface KeptChannelOptions<C extends Channel> {
  /** May hold a password: it is never logged. */
  readonly url: string;
  /** Shown by the broker's management; says which part of which app this is. */
  readonly connectionName: string;
  readonly logger: Logger;
  readonly reconnect?: Backoff;
  create(connection: ChannelModel): Promise<C>;
  /** Makes what the channel needs (topology, prefetch); a rejection counts as a failed connection. */
  prepare(channel: C): Promise<void>;
  /** Called with every channel that was opened; `lost` aborts, with the reason, when it is gone. */
  use(channel: C, lost: AbortSignal): void;
}

const defaultReconnect: Backoff = { baseMs: 200, maxMs: 10_000 };
export const connectTimeoutMs = 10_000;
const closeTimeoutMs = 2_000;
/** A peer that vanished without a word is noticed within two of these; the broker's own default is a minute. */
const heartbeatSeconds = 10;

/**
 * One channel on a connection of its own, opened again whenever it is lost, until `close`.
 *
 * A channel that the broker closes takes its connection along, so that there is a single path for every kind of loss.
 * That is why amqplib's own `recovery` is not used: it comes back only for a lost connection, so a second loop and a
 * second state would be needed for channels, and its createChannel waits without bound while the broker is away.
 */
export class KeptChannel<C extends Channel> {
  #state: ConnectionState = 'closed';
  #lose: ((reason: Error) => void) | null = null;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  readonly #options: KeptChannelOptions<C>;

  constructor(options: KeptChannelOptions<C>) {
    this.#options = options;
    this.#running = this.#run();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Gives the current connection up, for instance because the broker does not answer any more. */
  drop(reason: Error): void {
    this.#lose?.(reason);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#lose?.(new Error('closed by this process'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { logger, reconnect = defaultReconnect } = this.#options;
    const stop = this.#stopping.signal;
    let failures = 0;
    while (!stop.aborted) {
      const why = await this.#live(() => {
        failures = 0;
      });
      if (stop.aborted) return;
      failures += 1;
      const delayMs = backoffDelay(reconnect, failures);
      logger.warn(
        { reason: messageOf(why), attempt: failures, delayMs },
        'lost the broker; connecting again',
      );
      await sleep(delayMs, stop);
    }
  }

  /** One connection from its making to its loss; resolves with the reason of the loss. */
  async #live(onOpen: () => void): Promise<unknown> {
    const socket = new AbortController();
    const abandon = (): void => socket.abort();
    let connection: ChannelModel | undefined;
    try {
      this.#stopping.signal.addEventListener('abort', abandon);
      connection = await connect(brokerUrl(this.#options.url), this.#socketOptions(socket.signal));
      this.#stopping.signal.removeEventListener('abort', abandon);
      return await this.#untilLost(connection, onOpen);
    } catch (error) {
      return error;
    } finally {
      this.#state = 'closed';
      this.#lose = null;
      this.#stopping.signal.removeEventListener('abort', abandon);
      if (connection !== undefined) await closeWithin(connection, closeTimeoutMs);
      socket.abort();
    }
  }

  async #untilLost(connection: ChannelModel, onOpen: () => void): Promise<unknown> {
    const lost = new AbortController();
    const lose = (reason: unknown): void => {
      this.#state = 'closed';
      lost.abort(reason ?? new Error('the connection was closed'));
    };
    const loss = new Promise<unknown>((resolve) => {
      lost.signal.addEventListener('abort', () => resolve(lost.signal.reason));
    });
    this.#lose = lose;
    connection.on('error', lose);
    connection.on('close', lose);
    connection.on('blocked', (reason) => this.#setBlocked(lost.signal, reason));
    connection.on('unblocked', () => this.#setOpen(lost.signal));

    const channel = await this.#options.create(connection);
    // 'error' carries the broker's reason and comes before 'close'. The latter goes ahead of amqplib's own listener, which
    // fails the confirms that are missing: by then it must be known that this is a loss and not a refusal.
    channel.on('error', lose);
    channel.prependListener('close', () => lose(new Error('the channel was closed')));
    await Promise.race([this.#options.prepare(channel), loss]);
    if (this.#stopping.signal.aborted) lose(new Error('closed by this process'));
    if (lost.signal.aborted) return loss;

    this.#state = 'open';
    onOpen();
    this.#options.use(channel, lost.signal);
    return loss;
  }

  #socketOptions(signal: AbortSignal): SocketOptions {
    const options: SocketOptions & Pick<SocketConstructorOpts, 'signal'> = {
      noDelay: true,
      timeout: connectTimeoutMs,
      clientProperties: { connection_name: this.#options.connectionName },
      // Destroys the socket: a broker that stands still would never answer a polite close.
      signal,
    };
    return options;
  }

  #setBlocked(lost: AbortSignal, reason: string): void {
    if (lost.aborted) return;
    this.#state = 'blocked';
    this.#options.logger.warn({ reason }, 'the broker blocks publishing');
  }

  #setOpen(lost: AbortSignal): void {
    if (lost.aborted) return;
    this.#state = 'open';
    this.#options.logger.info({}, 'the broker accepts publishing again');
  }
}

/** The URL with this project's heartbeat, unless it says its own. */
export function brokerUrl(url: string): string {
  const target = new URL(url);
  if (!target.searchParams.has('heartbeat')) target.searchParams.set('heartbeat', String(heartbeatSeconds));
  return target.href;
}

/** A polite close lets the broker take the last acknowledgements; it may fail, since the connection may be the loss. */
export async function closeWithin(connection: ChannelModel, ms: number): Promise<void> {
  const closed = new AbortController();
  const closing = (async () => connection.close())().then(
    () => closed.abort(),
    () => closed.abort(),
  );
  await Promise.race([closing, sleep(ms, closed.signal)]);
}
