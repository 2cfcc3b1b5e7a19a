import type { Channel, ConsumeMessage } from 'amqplib';
import { newId, type Backoff, type Logger } from '#kernel';
import type { ConnectionState } from '../bus.js';
import { decodeEnvelope, type DecodedEnvelope } from '../envelope-codec.js';
import { busNames } from '../topology.js';
import { KeptChannel } from './kept-channel.js';

export interface TailOptions {
  readonly url: string;
  readonly busPrefix: string;
  /** Whose events are seen; none means all. */
  readonly sources: readonly string[];
  readonly logger: Logger;
  /**
   * Called with one event after the other; the next comes when it resolves. Meanwhile events wait at the broker, up to
   * `maxWaiting`, and then the oldest are dropped.
   */
  readonly onEvent: (event: TailedEvent) => Promise<void>;
  /** Called with how many were dropped, or how many times the connection was lost, since it was called last. */
  readonly onGap: (gap: { readonly dropped: number } | { readonly reconnected: true }) => void;
  readonly maxWaiting?: number;
  readonly prefetch?: number;
  readonly reconnect?: Backoff;
}

/** What was published: its envelope, or why it has none. */
export type TailedEvent = DecodedEnvelope & { readonly routingKey: string; readonly bytes: number };

export interface Tail {
  readonly state: ConnectionState;
  close(): Promise<void>;
}

/**
 * Shows events as they are published, to one who looks on. It takes them from queues of its own, which go with the
 * connection, so nobody misses an event by it, and a reader that is slow or stands still fills nothing: what the queue has
 * no room for is dropped, and counted by a second queue that the broker moves it to.
 */
export function tailEvents(options: TailOptions): Tail {
  let connected = 0;
  const channel = new KeptChannel<Channel>({
    url: options.url,
    connectionName: 'prejoin tail',
    logger: options.logger,
    ...(options.reconnect === undefined ? {} : { reconnect: options.reconnect }),
    create: (connection) => connection.createChannel(),
    prepare: async (opened) => {
      connected += 1;
      // Between two connections nobody listened.
      if (connected > 1) options.onGap({ reconnected: true });
      await listen(opened, options, (error) => channel.drop(error));
    },
    use: () => undefined,
  });
  return {
    get state() {
      return channel.state;
    },
    close: () => channel.close(),
  };
}

async function listen(channel: Channel, options: TailOptions, drop: (error: Error) => void): Promise<void> {
  const { busPrefix, sources, onGap, maxWaiting = 10_000, prefetch = 100 } = options;
  const { events } = busNames(busPrefix);
  const queue = `${busPrefix}.tail.${newId()}`;
  const dropped = `${queue}.dropped`;
  const temporary = { exclusive: true, autoDelete: true, durable: false };
  await channel.assertExchange(events, 'topic', { durable: true });
  await channel.assertQueue(dropped, { ...temporary, maxLength: maxWaiting });
  await channel.assertQueue(queue, {
    ...temporary,
    maxLength: maxWaiting,
    deadLetterExchange: '',
    deadLetterRoutingKey: dropped,
  });
  for (const key of sources.length === 0 ? ['#'] : sources.map((source) => `${source}.*`))
    await channel.bindQueue(queue, events, key);
  await channel.consume(dropped, (message) => message && onGap({ dropped: 1 }), { noAck: true });
  await channel.prefetch(prefetch);
  const handle = inTurn(channel, options, drop);
  await channel.consume(queue, (message) => {
    if (message === null) drop(new Error('the broker deleted the queue'));
    else handle(message);
  });
}

/** One after the other; a message is acknowledged when its turn is over, so that `prefetch` bounds what waits here. */
function inTurn(
  channel: Channel,
  { onEvent }: TailOptions,
  drop: (error: Error) => void,
): (message: ConsumeMessage) => void {
  let turn = Promise.resolve();
  return (message) => {
    const { content, fields } = message;
    turn = turn
      .then(() =>
        onEvent({ ...decodeEnvelope(content), routingKey: fields.routingKey, bytes: content.length }),
      )
      .then(() => channel.ack(message))
      .catch((error: unknown) => drop(error instanceof Error ? error : new Error(String(error))));
  };
}
