import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'amqplib';
import { createTestSpace, type TestSpace } from '#testing';
import { inspectBroker } from './inspect-broker.js';

let space: TestSpace;
let queue: string;
let exchange: string;

beforeAll(async () => {
  space = await createTestSpace({ rabbitmq: true });
  queue = `${space.busPrefix}.looked-at`;
  exchange = `${space.busPrefix}.looked-at`;
  space.dropLater({ queues: [queue], exchanges: [exchange] });
  const connection = await connect(space.rabbitmqUrl);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(exchange, 'topic');
  await channel.assertQueue(queue);
  channel.sendToQueue(queue, Buffer.from('one'));
  channel.sendToQueue(queue, Buffer.from('two'));
  await channel.waitForConfirms();
  await connection.close();
});
afterAll(() => space.dispose());

describe('looking at a broker', () => {
  it('tells what there is and what there is not, and leaves all as it was', async () => {
    for (let again = 0; again < 2; again++) {
      const report = await inspectBroker({
        url: space.rabbitmqUrl,
        queues: [queue, `${queue}.none`],
        exchanges: [exchange, `${exchange}.none`],
        publish: true,
        deadlineMs: 10_000,
      });
      expect(report).toMatchObject({
        product: 'RabbitMQ',
        version: expect.stringMatching(/^\d+\.\d+/),
        blocked: null,
      });
      expect([...report.queues]).toEqual([
        [queue, { messages: 2, consumers: 0 }],
        [`${queue}.none`, null],
      ]);
      expect([...report.exchanges]).toEqual([
        [exchange, true],
        [`${exchange}.none`, false],
      ]);
    }
  }, 30_000);

  it('gives up a broker that is away, and one that never answers, with what to do', async () => {
    const ask = (url: string) => inspectBroker({ url, queues: [], deadlineMs: 300 });
    const refused = ask('amqp://guest:secret@127.0.0.1:1');
    await expect(refused).rejects.toMatchObject({
      code: 'broker_away',
      remedy: expect.stringContaining('RABBITMQ_URL'),
    });
    await expect(refused).rejects.not.toThrow('secret');
    const silent = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const hung = ask(`amqp://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await expect(hung).rejects.toThrow('no answer within 300 ms');
    // The socket was given up as well, or this would wait for it.
    await new Promise<void>((resolve) => silent.close(() => resolve()));
  }, 20_000);
});
