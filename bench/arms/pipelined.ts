import type { Pool } from 'pg';
import { silentLogger } from '#kernel';
import { busNames, eventTopology, startConsumer } from '#messaging';
import type { Broker } from './raw-publish.js';
import { bulkSender, type ReadyDocument } from './raw-bulk.js';
import { upsertRaw, type RawRow } from './raw-upsert.js';

/** A message with what is to be made of it, in the order in which the queue has them. */
export interface ReadyEvent {
  readonly row: RawRow;
  readonly document: ReadyDocument;
}

export interface Pipeline extends Broker {
  readonly pool: Pool;
  readonly elasticsearchUrl: string;
  readonly indexName: string;
  /** Reads what the documents of these rows are joined from; absent is not at all. */
  readonly read?: (rows: readonly RawRow[]) => Promise<void>;
}

const BATCH = 1_000;
const BULKS_IN_FLIGHT = 2;

/**
 * What a projector of one process could reach on this machine if it had nothing to do but the three steps that none can
 * leave out, all at the same time: a batch is consumed while the one before is upserted and the two before that are
 * indexed. Nothing is decoded, checked, marked or assembled: rows and documents are ready, of equal ids the newest alone.
 * It acknowledges after its commit, and ends when the last document is in the index.
 */
export async function runPipelined(pipeline: Pipeline, events: readonly ReadyEvent[]): Promise<void> {
  const { url, busPrefix, pool, read, elasticsearchUrl, indexName } = pipeline;
  const sender = bulkSender(elasticsearchUrl, indexName, BULKS_IN_FLIGHT);
  const done = Promise.withResolvers<void>();
  const sending = new Set<Promise<void>>();
  let taken = 0;
  const index = async (batch: readonly ReadyEvent[]): Promise<void> => {
    const newest = new Map(batch.map(({ document }) => [document.id, document]));
    await read?.(batch.map(({ row }) => row));
    await sender.send([...newest.values()]);
  };
  const consumer = startConsumer(
    {
      url,
      topology: eventTopology(busPrefix),
      queue: busNames(busPrefix).projectorQueue,
      prefetch: 4 * BATCH,
      maxBatch: BATCH,
      maxBatchBytes: 8 * 1024 * 1024,
      maxAgeMs: 20,
      logger: silentLogger,
    },
    async (deliveries) => {
      const batch = events.slice(taken, taken + deliveries.length);
      taken += deliveries.length;
      await upsertRaw(
        pool,
        batch.map(({ row }) => row),
      );
      while (sending.size >= BULKS_IN_FLIGHT) await Promise.race(sending);
      const sent = index(batch);
      sent.then(() => sending.delete(sent), done.reject);
      sending.add(sent);
      if (taken >= events.length) done.resolve();
    },
  );
  try {
    await done.promise;
    await Promise.all(sending);
  } finally {
    await consumer.close();
    sender.close();
  }
}
