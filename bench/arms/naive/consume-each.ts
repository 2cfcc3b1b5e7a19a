import amqp from 'amqplib';
import { busNames } from '#messaging';
import type { Broker } from '../raw-publish.js';

export interface Taking {
  /** It ends when so many are handled and acknowledged. */
  readonly messages: number;
  readonly prefetch: number;
  /** How many are handled at the same time. */
  readonly handlers: number;
}

/** Hands the messages of the projector's queue to `handle` and acknowledges each by itself; what it throws ends it. */
export async function consumeEach(
  { url, busPrefix }: Broker,
  { messages, prefetch, handlers }: Taking,
  handle: (body: Buffer) => Promise<void>,
): Promise<void> {
  const connection = await amqp.connect(url);
  try {
    const channel = await connection.createChannel();
    await channel.prefetch(prefetch);
    const done = Promise.withResolvers<void>();
    const waiting: amqp.ConsumeMessage[] = [];
    let running = 0;
    let acknowledged = 0;
    const work = async (): Promise<void> => {
      running += 1;
      for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
        await handle(message.content);
        channel.ack(message);
        acknowledged += 1;
        if (acknowledged === messages) done.resolve();
      }
      running -= 1;
    };
    connection.on('error', done.reject);
    await channel.consume(busNames(busPrefix).projectorQueue, (message) => {
      if (message === null) return done.reject(new Error('The broker ended the consumer.'));
      waiting.push(message);
      if (running < handlers) work().catch(done.reject);
    });
    await done.promise;
    await channel.close();
  } finally {
    await connection.close();
  }
}
