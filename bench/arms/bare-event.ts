import type { PoolClient, QueryConfig } from 'pg';
import { newId } from '#kernel';
import type { Transaction } from '#outbox';
import type { NewOrder } from '../../apps/command-api/src/orders/place-order.js';
import { placeOrderPlain } from './place-order-plain.js';

/** As long as the events of the handler are on average. */
const body = Buffer.alloc(850, 'x');

/**
 * The least that any outbox has to do besides the transaction: one prepared insert of a row that was ready before, sent
 * in one write with the COMMIT. Nothing is encoded, validated or compared.
 */
export async function placeOrderWithBareEvent(tx: Transaction, order: NewOrder): Promise<void> {
  await placeOrderPlain(tx, order, 'read back');
  const connection = (await tx.queryRunner?.connect()) as PoolClient;
  const { stream } = connection.connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
  const id = newId();
  const insert: QueryConfig = {
    name: 'bare_event',
    text: `INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
           VALUES ($1, 'order', $2, 'OrderPlaced', 0, 1, 'order.OrderPlaced', $3)`,
    values: [id, id, body],
  };
  // Whether it failed is seen after the round, when the rows are counted.
  void Promise.allSettled([connection.query(insert)]);
}
