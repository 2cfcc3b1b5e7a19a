import type { Pool } from 'pg';
import { silentLogger, type Logger } from '#kernel';
import { busNames, eventTopology, startConsumer, type ConsumeOptions, type Consumer } from '#messaging';
import { noMetrics, type ProjectionMetrics } from '../metrics.js';
import { applyDeliveries } from './apply-deliveries.js';
import type { ReceivedSource } from './read-delivery.js';

export interface ProjectorConsumerOptions extends Partial<Omit<ConsumeOptions, 'queue'>> {
  readonly pool: Pool;
  readonly url: string;
  readonly busPrefix: string;
  readonly sources: readonly ReceivedSource[];
  readonly logger?: Logger;
  readonly metrics?: ProjectionMetrics;
  /** Called after each batch: what waits for marks and fan-out rows may look at once. */
  readonly onApplied?: () => void;
}

/**
 * Consumes events into the copies until it is closed. Messages are acknowledged when their batch has been committed.
 * Processes compete freely on the queue, since only versions decide (design rule 2).
 */
export function startProjectorConsumer(options: ProjectorConsumerOptions): Consumer {
  const { pool, url, busPrefix, logger = silentLogger, metrics = noMetrics, onApplied } = options;
  const sources = new Map(options.sources.map((source) => [source.description.name, source]));
  return startConsumer(
    {
      url,
      topology: eventTopology(busPrefix),
      queue: busNames(busPrefix).projectorQueue,
      prefetch: options.prefetch ?? 2_000,
      maxBatch: options.maxBatch ?? 500,
      maxBatchBytes: options.maxBatchBytes ?? 8 * 1024 * 1024,
      maxAgeMs: options.maxAgeMs ?? 20,
      logger,
    },
    async (batch) => {
      await applyDeliveries(batch, { pool, sources, logger, metrics });
      onApplied?.();
    },
  );
}
