import amqp from 'amqplib';
import { StackError } from './errors.js';

/** Deletes every index whose name begins with `prefix`. */
export async function dropIndices(url: string, prefix: string): Promise<void> {
  if (prefix === '') throw new RangeError('an empty prefix would drop every index');
  // Deleting by pattern is refused by default (action.destructive_requires_name), hence the names.
  const listed = await fetch(`${url}/_cat/indices/${prefix}*?format=json&h=index&expand_wildcards=all`);
  if (!listed.ok)
    throw new StackError(`Elasticsearch could not list the indices of ${prefix}: ${await listed.text()}`);
  for (const { index } of (await listed.json()) as { index: string }[]) {
    const dropped = await fetch(`${url}/${index}`, { method: 'DELETE' });
    if (!dropped.ok && dropped.status !== 404)
      throw new StackError(`Index ${index} was not deleted: ${await dropped.text()}`);
  }
}

/** Deletes exchanges and queues, with what is in them; deleting what does not exist is no fault. */
export async function dropFromBroker(
  url: string,
  names: { readonly exchanges: Iterable<string>; readonly queues: Iterable<string> },
): Promise<void> {
  const connection = await amqp.connect(url);
  try {
    const channel = await connection.createChannel();
    // Deleting what does not exist succeeds (RabbitMQ's own extension of AMQP 0-9-1).
    for (const queue of names.queues) await channel.deleteQueue(queue);
    for (const exchange of names.exchanges) await channel.deleteExchange(exchange);
  } finally {
    await connection.close();
  }
}
