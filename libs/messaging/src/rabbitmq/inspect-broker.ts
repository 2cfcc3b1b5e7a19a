import type { SocketConstructorOpts } from 'node:net';
import { connect, type Channel, type ChannelModel, type SocketOptions } from 'amqplib';
import { messageOf, PrejoinError, sleep } from '#kernel';
import { brokerUrl, closeWithin } from './kept-channel.js';

export interface InspectBrokerOptions {
  readonly url: string;
  readonly queues: readonly string[];
  readonly exchanges?: readonly string[];
  /** Whether to find out if the broker takes messages, by one that no queue gets. */
  readonly publish?: boolean;
  /** For all of it, in milliseconds. */
  readonly deadlineMs: number;
}

/** What a queue holds, without the messages that consumers have in hand. */
export interface QueueState {
  readonly messages: number;
  readonly consumers: number;
}

export interface BrokerReport {
  readonly product: string;
  readonly version: string;
  /** By name; null where there is none of that name. */
  readonly queues: ReadonlyMap<string, QueueState | null>;
  readonly exchanges: ReadonlyMap<string, boolean>;
  /** Null: publishes are taken, or it was not asked. Else the broker's reason, such as a memory alarm. */
  readonly blocked: string | null;
}

/**
 * Looks at a broker without changing anything on it.
 * @throws {PrejoinError} `broker_away` when it can not be used or has not answered all by the deadline
 */
export async function inspectBroker(options: InspectBrokerOptions): Promise<BrokerReport> {
  const { url, deadlineMs } = options;
  const deadline = new AbortController();
  let connection: ChannelModel | undefined;
  const inspecting = (async () => {
    connection = await connect(brokerUrl(url), socketOptions(deadline.signal));
    return look(connection, options);
  })();
  const passed = new AbortController();
  try {
    return await Promise.race([inspecting, late(deadlineMs, passed.signal)]);
  } catch (error) {
    // What the other one of the two says now is only a consequence.
    inspecting.catch((consequence: unknown) => consequence);
    throw brokerAway(error);
  } finally {
    passed.abort();
    if (connection !== undefined) await closeWithin(connection, 300);
    // Destroys the socket of a broker that does not answer; a polite close would wait for it.
    deadline.abort();
  }
}

async function look(connection: ChannelModel, options: InspectBrokerOptions): Promise<BrokerReport> {
  const { queues, exchanges = [], publish = false } = options;
  connection.on('error', () => undefined);
  const properties = connection.connection.serverProperties as { product?: string; version?: string };
  const queueStates = await Promise.all(
    queues.map(async (name) => [name, await queueState(connection, name)] as const),
  );
  const exchangeStates = await Promise.all(
    exchanges.map(async (name) => [name, await exists(connection, name)] as const),
  );
  return {
    product: properties.product ?? 'unknown',
    version: properties.version ?? 'unknown',
    queues: new Map(queueStates),
    exchanges: new Map(exchangeStates),
    blocked: publish ? await whyBlocked(connection) : null,
  };
}

async function queueState(connection: ChannelModel, name: string): Promise<QueueState | null> {
  const state = await onOwnChannel(connection, (channel) => channel.checkQueue(name));
  return state === null ? null : { messages: state.messageCount, consumers: state.consumerCount };
}

async function exists(connection: ChannelModel, name: string): Promise<boolean> {
  return (await onOwnChannel(connection, (channel) => channel.checkExchange(name))) !== null;
}

/** Null for what is not there; asking for it closes the channel. */
async function onOwnChannel<T>(
  connection: ChannelModel,
  ask: (channel: Channel) => Promise<T>,
): Promise<T | null> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  try {
    const answer = await ask(channel);
    await channel.close();
    return answer;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 404) return null;
    throw error;
  }
}

/** A broker with an alarm says so to who publishes, and takes nothing more from that connection. */
const BLOCKED_MS = 1_000;

async function whyBlocked(connection: ChannelModel): Promise<string | null> {
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  const blocked = new Promise<string>((resolve) => connection.on('blocked', resolve));
  channel.publish('', 'prejoin.nobody', Buffer.from(''));
  const confirmed = channel.waitForConfirms().then(() => null);
  const answered = new AbortController();
  try {
    return await Promise.race([
      blocked,
      confirmed,
      sleep(BLOCKED_MS, answered.signal).then(() => 'it does not confirm what is published'),
    ]);
  } finally {
    answered.abort();
    // The connection is closed with a confirm still missing where the broker is blocked.
    confirmed.catch((consequence: unknown) => consequence);
  }
}

function socketOptions(signal: AbortSignal): SocketOptions {
  const options: SocketOptions & Pick<SocketConstructorOpts, 'signal'> = {
    noDelay: true,
    clientProperties: { connection_name: 'prejoin cli' },
    signal,
  };
  return options;
}

async function late(ms: number, answered: AbortSignal): Promise<never> {
  await sleep(ms, answered);
  throw new Error(`no answer within ${ms} ms`);
}

function brokerAway(cause: unknown): PrejoinError {
  return new PrejoinError('broker_away', `RabbitMQ can not be used: ${messageOf(cause)}`, {
    cause,
    remedy: 'Check RABBITMQ_URL and that the server runs.',
  });
}
