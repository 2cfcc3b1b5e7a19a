import { DatabaseError, type QueryConfig } from 'pg';
import { routingKeyOf } from '#messaging';
import type { EncodedEvent } from './encode-event.js';
import { openTransactionOf, sendAhead, type OpenTransaction } from './open-transaction.js';
import { forgetEpoch } from './source-epoch.js';
import { EpochRaisedError, type Transaction } from './transaction.js';

/**
 * Both statements compare the epoch with the database's. They take the lock on source_epoch before their snapshot, and
 * keep it until the transaction ends. So an epoch that they found is the current one until the events are committed:
 * whoever raises it waits for them (raiseEpoch).
 *
 * They go to the driver itself, since TypeORM can not name a statement: planning it each time costs PostgreSQL five times
 * what inserting the row does. A name is of one text for as long as a connection lives: another text needs another name.
 */

/**
 * Sends one event to the outbox ahead of its answer. Under another epoch than its own the row would have none, which the
 * table refuses: COMMIT may be on its way already, and nothing else keeps it from committing the change without its event.
 */
export function sendEvent(tx: Transaction, { envelope, body }: EncodedEvent): Promise<void> {
  const { source, epoch } = envelope;
  const statement: QueryConfig = {
    name: 'prejoin_append_one',
    text: `
      INSERT INTO outbox (source, epoch, event_id, aggregate_id, name, version, routing_key, body)
      VALUES (
        $1,
        CASE WHEN coalesce((SELECT epoch FROM source_epoch WHERE source = $1), 0) = $2::bigint THEN $2::bigint END,
        $3, $4, $5, $6, $7, $8)`,
    values: [
      source,
      epoch,
      envelope.id,
      envelope.aggregateId,
      envelope.name,
      envelope.version,
      routingKeyOf(envelope),
      body,
    ],
  };
  return sendAhead(transactionOf(tx), statement, (fault) => {
    if (!isWithoutEpoch(fault)) return fault;
    forgetEpoch(tx, source);
    return new EpochRaisedError(source, fault);
  });
}

function isWithoutEpoch(fault: unknown): boolean {
  return (
    fault instanceof DatabaseError &&
    fault.code === '23502' &&
    fault.table === 'outbox' &&
    fault.column === 'epoch'
  );
}

/** Inserts events of one source if its epoch is `epoch`, and nothing if it is another. Returns whether it was. */
export async function insertUnderEpoch(
  tx: Transaction,
  source: string,
  epoch: number,
  events: readonly EncodedEvent[],
): Promise<boolean> {
  if (events.length === 0) return true;
  const { rowCount } = await transactionOf(tx).connection.query(insertAll(source, epoch, events));
  return rowCount !== 0;
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

function transactionOf(tx: Transaction): OpenTransaction {
  const transaction = openTransactionOf(tx);
  if (transaction === undefined) throw new TypeError('The transaction has ended.');
  return transaction;
}
