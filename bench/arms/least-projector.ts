import type { Pool } from 'pg';
import { silentLogger } from '#kernel';
import { busNames, eventTopology, startConsumer, type Delivery } from '#messaging';
import { bulkSender } from './raw-bulk.js';
import { createDecisions, decideRaw } from './raw-decision.js';
import type { Broker } from './raw-publish.js';
import { createRawTable, upsertRaw, type RawRow } from './raw-upsert.js';

export interface LeastProjector extends Broker {
  readonly pool: Pool;
  readonly elasticsearchUrl: string;
  readonly indexName: string;
}

const BULKS_IN_FLIGHT = 2;

/**
 * The least that a projector with the same guarantees has to do for a document, and nothing else: a copy that is on disk
 * before its message is acknowledged, a decision that is on disk before a document is sent, and the document. It joins,
 * marks and checks nothing, and what arrives meanwhile goes together as the next batch.
 */
export async function startLeastProjector(
  options: LeastProjector,
): Promise<{ readonly close: () => Promise<void> }> {
  const { url, busPrefix, pool, elasticsearchUrl, indexName } = options;
  await createRawTable(pool);
  await createDecisions(pool);
  const sender = bulkSender(elasticsearchUrl, indexName, BULKS_IN_FLIGHT);
  const sending = new Set<Promise<void>>();
  const consumer = startConsumer(
    {
      url,
      topology: eventTopology(busPrefix),
      queue: busNames(busPrefix).projectorQueue,
      prefetch: 4_000,
      maxBatch: 1_000,
      maxBatchBytes: 8 * 1024 * 1024,
      maxAgeMs: 0,
      logger: silentLogger,
    },
    async (batch) => {
      const rows = batch.map(rowOf);
      await upsertRaw(pool, rows);
      while (sending.size >= BULKS_IN_FLIGHT) await Promise.race(sending);
      const sent = decideAndSend(pool, rows, sender.send).finally(() => sending.delete(sent));
      sending.add(sent);
    },
  );
  return {
    close: async () => {
      await consumer.close();
      await Promise.all(sending);
      sender.close();
    },
  };
}

function rowOf({ body }: Delivery): RawRow {
  const { aggregateId, version, data } = JSON.parse(body.toString()) as {
    readonly aggregateId: string;
    readonly version: number;
    readonly data: unknown;
  };
  return { id: aggregateId, version, data: JSON.stringify(data) };
}

async function decideAndSend(
  pool: Pool,
  rows: readonly RawRow[],
  send: ReturnType<typeof bulkSender>['send'],
): Promise<void> {
  // Of the state what the index has fields for: the size of the document matters little here.
  const documents = rows.map(({ id, version }) => ({
    id,
    revision: version,
    source: `{"id":${JSON.stringify(id)}}`,
  }));
  await decideRaw(pool, documents);
  await send(documents);
}
