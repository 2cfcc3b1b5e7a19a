import type { Channel } from 'amqplib';
import type { QueueDeclaration, Topology } from '../topology.js';

/**
 * How often the broker delivers a message before it goes to the dead-letter exchange. A closed channel counts as well, so
 * that crashes and deploys spend it; it is stated because brokers differ (none before 4.0, 20 since).
 */
const defaultDeliveryLimit = 100;

/**
 * Declares all exchanges, queues and bindings: durable, quorum queues, idempotent as long as the arguments agree.
 * @throws what the broker answers (406 where a queue exists with other arguments); the channel is closed then
 */
export async function declareTopology(channel: Channel, topology: Topology): Promise<void> {
  for (const { name, type } of topology.exchanges)
    await channel.assertExchange(name, type, { durable: true });
  for (const queue of topology.queues) await declareQueue(channel, queue);
}

async function declareQueue(channel: Channel, queue: QueueDeclaration): Promise<void> {
  await channel.assertQueue(queue.name, {
    durable: true,
    ...(queue.deadLetterExchange === undefined ? {} : { deadLetterExchange: queue.deadLetterExchange }),
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': queue.deliveryLimit ?? defaultDeliveryLimit },
  });
  for (const { exchange, routingKey } of queue.bindings)
    await channel.bindQueue(queue.name, exchange, routingKey);
}
