import pg from 'pg';
import { newId, silentLogger, sleep } from '#kernel';
import { busNames, connectPublisher, eventTopology, startConsumer } from '#messaging';
import type { SearchIndex } from '#search';
import type { BenchSpace } from '../bench-space.js';

/** What no way from a service to an index can leave out, each step taken when nothing else is going on. */
export interface LeastSteps {
  /** A commit of one row, one message published and confirmed, delivered, and one document written: milliseconds. */
  once(): Promise<number>;
  close(): Promise<void>;
}

/** On an exchange and queues of its own. */
export async function openLeastSteps(
  { serviceDatabaseUrl, rabbitmqUrl, busPrefix }: BenchSpace,
  index: SearchIndex,
  indexName: string,
): Promise<LeastSteps> {
  const pool = new pg.Pool({ connectionString: serviceDatabaseUrl, max: 1 });
  await pool.query('CREATE TABLE IF NOT EXISTS least_step (id text PRIMARY KEY, body text NOT NULL)');
  const topology = eventTopology(busPrefix);
  const { events, projectorQueue } = busNames(busPrefix);
  const connection = { url: rabbitmqUrl, topology, logger: silentLogger };
  const publisher = connectPublisher({ ...connection, exchange: events });
  let arrived: () => void = () => undefined;
  const batches = { prefetch: 10, maxBatch: 1, maxBatchBytes: 1_000_000, maxAgeMs: 0 };
  const consumer = startConsumer({ ...connection, ...batches, queue: projectorQueue }, () => {
    arrived();
    return Promise.resolve();
  });
  while (publisher.state !== 'open' || consumer.state !== 'open') await sleep(10);
  return {
    once: async () => {
      const id = newId();
      const body = JSON.stringify({ id, text: 'x'.repeat(600) });
      const startedAt = performance.now();
      await pool.query('INSERT INTO least_step VALUES ($1, $2)', [id, body]);
      const delivered = new Promise<void>((resolve) => (arrived = resolve));
      await publisher.publish([{ id, routingKey: 'least.step', body: Buffer.from(body) }]);
      await delivered;
      await index.write([{ kind: 'index', index: indexName, id, revision: 1, body }], 10_000);
      return performance.now() - startedAt;
    },
    close: async () => {
      await publisher.close();
      await consumer.close();
      await pool.end();
    },
  };
}
