import amqp from 'amqplib';
import { busNames, declareTopology, eventTopology, type OutgoingMessage } from '#messaging';

export interface Broker {
  readonly url: string;
  readonly busPrefix: string;
}

/**
 * Publishes ready messages as fast as one confirm channel takes them with so many unconfirmed: persistent, each confirmed,
 * counted by callback. There is nothing to read and nothing to mark: it is the ceiling of a relay.
 */
export async function publishRaw(
  { url, busPrefix }: Broker,
  messages: readonly OutgoingMessage[],
  window: number,
): Promise<void> {
  const exchange = busNames(busPrefix).events;
  const connection = await amqp.connect(url);
  try {
    const channel = await connection.createConfirmChannel();
    await declareTopology(channel, eventTopology(busPrefix));
    await new Promise<void>((resolve, reject) => {
      let next = 0;
      let confirmed = 0;
      const onConfirm = (refusal: unknown): void => {
        if (refusal !== null && refusal !== undefined)
          return reject(new Error('The broker refused a message.'));
        confirmed += 1;
        if (confirmed === messages.length) resolve();
        else fill();
      };
      const fill = (): void => {
        while (next < messages.length && next - confirmed < window) {
          const { routingKey, body } = messages[next++] as OutgoingMessage;
          channel.publish(exchange, routingKey, body, { persistent: true }, onConfirm);
        }
      };
      fill();
    });
  } finally {
    await connection.close();
  }
}

/** Takes all messages out of the projector's queue; answers how many there were. */
export async function emptyQueue({ url, busPrefix }: Broker): Promise<number> {
  const connection = await amqp.connect(url);
  try {
    const channel = await connection.createChannel();
    await declareTopology(channel, eventTopology(busPrefix));
    const { messageCount } = await channel.purgeQueue(busNames(busPrefix).projectorQueue);
    return messageCount;
  } finally {
    await connection.close();
  }
}
