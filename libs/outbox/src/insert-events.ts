import type { QueryConfig } from 'pg';
import { routingKeyOf } from '#messaging';
import type { EncodedEvent } from './encode-event.js';
import { connectionOf, type Transaction } from './transaction.js';

/**
 * Inserts events of one source into the outbox if its epoch is `epoch`, and nothing if it is another. Returns whether it
 * was.
 *
 * One statement takes the lock on source_epoch before its snapshot, and keeps it until the transaction ends. So an epoch
 * that it found is the current one until the events are committed: whoever raises it waits for them (raiseEpoch).
 *
 * It goes to the driver itself, since TypeORM can not name a statement: planning it each time costs PostgreSQL five times
 * what inserting the row does.
 */
export async function insertUnderEpoch(
  tx: Transaction,
  source: string,
  epoch: number,
  events: readonly EncodedEvent[],
): Promise<boolean> {
  const [first] = events;
  if (first === undefined) return true;
  const connection = await connectionOf(tx);
  const statement = events.length === 1 ? insertOne(source, epoch, first) : insertAll(source, epoch, events);
  const { rowCount } = await connection.query(statement);
  return rowCount !== 0;
}

// A name is of one text for as long as a connection lives: another text needs another name.

function insertOne(source: string, epoch: number, { envelope, body }: EncodedEvent): QueryConfig {
  return {
    name: 'prejoin_append_one',
    text: `
      INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
      SELECT $3::uuid, $1, $4, $5, $6::bigint, $7::bigint, $8, $9::bytea
      WHERE coalesce((SELECT epoch FROM source_epoch WHERE source = $1), 0) = $2::bigint`,
    values: [
      source,
      epoch,
      envelope.id,
      envelope.aggregateId,
      envelope.name,
      envelope.epoch,
      envelope.version,
      routingKeyOf(envelope),
      body,
    ],
  };
}

function insertAll(source: string, epoch: number, events: readonly EncodedEvent[]): QueryConfig {
  const envelopes = events.map(({ envelope }) => envelope);
  return {
    name: 'prejoin_append_all',
    text: `
      INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
      SELECT event_id, $1, aggregate_id, name, epoch, version, routing_key, body
      -- one array a column, so that any number of events is one statement with the same text
      FROM unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bytea[])
        WITH ORDINALITY AS event (event_id, aggregate_id, name, epoch, version, routing_key, body, place)
      WHERE coalesce((SELECT epoch FROM source_epoch WHERE source = $1), 0) = $2
      ORDER BY place`,
    values: [
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
  };
}
