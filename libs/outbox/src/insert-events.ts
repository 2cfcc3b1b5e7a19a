import { routingKeyOf } from '#messaging';
import type { EncodedEvent } from './encode-event.js';
import type { Transaction } from './transaction.js';

/**
 * Inserts events of one source into the outbox if its epoch is `epoch`, and nothing if it is another. Returns whether it
 * was.
 *
 * One statement takes the lock on source_epoch before its snapshot, and keeps it until the transaction ends. So an epoch
 * that it found is the current one until the events are committed: whoever raises it waits for them (raiseEpoch).
 */
export async function insertUnderEpoch(
  tx: Transaction,
  source: string,
  epoch: number,
  events: readonly EncodedEvent[],
): Promise<boolean> {
  if (events.length === 0) return true;
  const envelopes = events.map(({ envelope }) => envelope);
  const inserted: unknown[] = await tx.query(
    `INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
     SELECT event_id, $1, aggregate_id, name, epoch, version, routing_key, body
     -- one array a column, so that any number of events is one statement with the same text
     FROM unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bytea[])
       WITH ORDINALITY AS event (event_id, aggregate_id, name, epoch, version, routing_key, body, place)
     WHERE coalesce((SELECT epoch FROM source_epoch WHERE source = $1), 0) = $2
     ORDER BY place
     RETURNING seq`,
    [
      source,
      epoch,
      envelopes.map(({ id }) => id),
      envelopes.map(({ aggregateId }) => aggregateId),
      envelopes.map(({ name }) => name),
      envelopes.map((envelope) => envelope.epoch),
      envelopes.map(({ version }) => version),
      envelopes.map((envelope) => routingKeyOf(envelope)),
      events.map(({ body }) => body),
    ],
  );
  return inserted.length > 0;
}
