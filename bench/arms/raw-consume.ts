import { silentLogger } from '#kernel';
import { busNames, eventTopology, startConsumer } from '#messaging';
import type { Broker } from './raw-publish.js';

/** Takes so many messages off the projector's queue in batches, and acknowledges each batch: nothing else. */
export async function consumeRaw({ url, busPrefix }: Broker, messages: number): Promise<void> {
  const done = Promise.withResolvers<void>();
  let taken = 0;
  const consumer = startConsumer(
    {
      url,
      topology: eventTopology(busPrefix),
      queue: busNames(busPrefix).projectorQueue,
      prefetch: 2_000,
      maxBatch: 1_000,
      maxBatchBytes: 8 * 1024 * 1024,
      maxAgeMs: 20,
      logger: silentLogger,
    },
    (batch) => {
      taken += batch.length;
      if (taken >= messages) done.resolve();
      return Promise.resolve();
    },
  );
  await done.promise;
  await consumer.close();
}
