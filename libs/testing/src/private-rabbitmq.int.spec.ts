import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import amqp from 'amqplib';
import { nodeName } from '../../../stack/rabbitmq.js';
import { startPrivateRabbitmq, untilQueuesAreOnDisk, type PrivateServer } from './index.js';

let server: PrivateServer;

beforeAll(async () => {
  server = await startPrivateRabbitmq();
}, 120_000);

afterAll(() => server.dispose(), 60_000);

test('a quorum queue and its confirmed message survive a kill, and the shared broker does not notice', async () => {
  const before = execFileSync('epmd', ['-names'], { encoding: 'utf8' });
  const connection = await amqp.connect(server.url);
  connection.on('error', () => undefined);
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  await channel.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  channel.sendToQueue('kept', Buffer.from('message'), { persistent: true });
  await channel.waitForConfirms();
  await untilQueuesAreOnDisk(server, ['kept']);

  await server.kill();
  await expect(amqp.connect(server.url)).rejects.toThrow('ECONNREFUSED');

  await server.start();
  const again = await amqp.connect(server.url);
  const message = await (await again.createChannel()).get('kept', { noAck: true });
  expect(message === false ? undefined : message.content.toString()).toBe('message');
  await again.close();
  // Every node that was registered with the machine's epmd still is: it was neither stopped nor replaced.
  const names = (list: string): string[] =>
    [...list.matchAll(/^name (\S+) at/gm)].map((match) => match[1] ?? '');
  const own = nodeName(server.folder);
  const others = names(before).filter((name) => !name.startsWith('prejoin-'));
  expect(names(execFileSync('epmd', ['-names'], { encoding: 'utf8' }))).toEqual(
    expect.arrayContaining([...others, own]),
  );
}, 120_000);
