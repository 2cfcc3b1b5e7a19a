import type { Pool } from 'pg';
import { silentLogger, type Logger } from '#kernel';
import {
  busNames,
  eventTopology,
  startConsumer,
  type ConsumeOptions,
  type Consumer,
  type ConsumerSize,
  type Delivery,
} from '#messaging';
import { BatchSize } from '../flow/batch-size.js';
import { noMetrics, type ProjectionMetrics } from '../metrics.js';
import { applyDeliveries } from './apply-deliveries.js';
import type { ReceivedSource } from './read-delivery.js';

export interface ProjectorConsumerOptions extends Partial<Omit<ConsumeOptions, 'queue'>> {
  readonly pool: Pool;
  readonly url: string;
  readonly busPrefix: string;
  readonly sources: readonly ReceivedSource[];
  /**
   * The fewest events of a batch that the database is slow with; `maxBatch` are the most. Of ten events of one order in a
   * batch, one is written, marked and built: large batches are what a backlog of busy orders is worked off by.
   */
  readonly minBatch?: number;
  /** How long a batch may take before the next ones are made smaller, in milliseconds. */
  readonly targetMs?: number;
  readonly logger?: Logger;
  readonly metrics?: ProjectionMetrics;
  /** Called when something of a batch is committed: what waits for marks and fan-out rows may look at once. */
  readonly onApplied?: () => void;
}

/** So many batches are fetched ahead: the next is there when one is done, and the rest is left to other processes. */
const FETCHED_BATCHES = 4;
/**
 * Small, since it is not known yet how large events are, and four times as many are fetched. Twice as large, ten events of
 * each order were worked off at 10 000 a second instead of 8 000: fewer batches, of which each builds every order again.
 */
const FIRST_BATCH = 500;

/**
 * Consumes events into the copies until it is closed. Messages are acknowledged when their batch has been committed.
 * Processes compete freely on the queue, since only versions decide (design rule 2).
 *
 * Batches are as large as the database takes quickly, and the prefetch follows them, by count and by bytes: with a slow
 * database the events wait in the broker and not in this process.
 */
export function startProjectorConsumer(options: ProjectorConsumerOptions): Consumer {
  const { pool, url, busPrefix, logger = silentLogger, metrics = noMetrics, onApplied } = options;
  const { prefetch = 8_000, maxBatch = 4_000, minBatch = 50, targetMs = 500 } = options;
  // Without it, a hundred events a second are a hundred transactions, and PostgreSQL spends half as much again on each.
  const { maxBatchBytes = 8 * 1024 * 1024, maxAgeMs = 10 } = options;
  const sources = new Map(options.sources.map((source) => [source.description.name, source]));
  const start = Math.min(FIRST_BATCH, Math.ceil(maxBatch / 4));
  const size = new BatchSize({ max: maxBatch, min: minBatch, start, maxBytes: maxBatchBytes, targetMs });
  const sizes = (): ConsumerSize => ({
    maxBatch: size.current,
    prefetch: Math.min(prefetch, FETCHED_BATCHES * size.current),
  });

  const apply = async (batch: readonly Delivery[]): Promise<void> => {
    const begun = performance.now();
    let pushedBack = true;
    try {
      await applyDeliveries(batch, {
        pool,
        sources,
        logger,
        metrics,
        ...(onApplied === undefined ? {} : { onCommitted: onApplied }),
      });
      pushedBack = false;
    } finally {
      const bytes = batch.reduce((sum, { body }) => sum + body.length, 0);
      size.weigh('event', batch.length, bytes);
      size.note({
        limit: consumer.size.maxBatch,
        used: batch.length,
        tookMs: performance.now() - begun,
        pushedBack,
      });
      consumer.resize(sizes());
    }
  };
  const consumer = startConsumer(
    {
      url,
      topology: eventTopology(busPrefix),
      queue: busNames(busPrefix).projectorQueue,
      maxBatchBytes,
      maxAgeMs,
      logger,
      ...sizes(),
    },
    apply,
  );
  return consumer;
}
