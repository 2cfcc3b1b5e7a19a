import type { Pool } from 'pg';
import { bulkSender, type BulkShape, type ReadyDocument } from './raw-bulk.js';
import { createDecisions, decideRaw } from './raw-decision.js';
import type { RawRow } from './raw-upsert.js';
import { readPartners } from './read-partners.js';

export interface LeastFanOut {
  readonly pool: Pool;
  readonly elasticsearchUrl: string;
  readonly indexName: string;
}

/** Ready documents by the ids of their orders. */
export type ReadyById = ReadonlyMap<string, ReadyDocument>;

/**
 * The least that follows from a change of a customer: the orders are looked up, what each document is joined from is read,
 * the decision about it is on disk before it is sent, and it is sent. It keeps no marks, so that nothing would be left
 * of it after a crash, takes no snapshots, and assembles nothing.
 */
export async function fanOutLeast(
  { pool, elasticsearchUrl, indexName }: LeastFanOut,
  customerId: string,
  documents: ReadyById,
  { documents: size, inFlight }: BulkShape,
): Promise<void> {
  await createDecisions(pool);
  const { rows } = await pool.query<RawRow>(
    'SELECT id, version, data::text AS data FROM copy_order WHERE "key_customerId" = $1 ORDER BY id',
    [customerId],
  );
  const sender = bulkSender(elasticsearchUrl, indexName, inFlight);
  const chunks = Array.from({ length: Math.ceil(rows.length / size) }, (_, at) =>
    rows.slice(at * size, (at + 1) * size),
  ).values();
  const worker = async (): Promise<void> => {
    for (const chunk of chunks) {
      const ready = chunk.flatMap(({ id }) => documents.get(id) ?? []);
      await readPartners(pool, chunk, 'copy_order');
      await decideRaw(pool, ready);
      await sender.send(ready);
    }
  };
  try {
    await Promise.all(Array.from({ length: inFlight }, worker));
  } finally {
    sender.close();
  }
}
