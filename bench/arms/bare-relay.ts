import amqp, { type ConfirmChannel } from 'amqplib';
import type pg from 'pg';
import { busNames, declareTopology, eventTopology } from '#messaging';
import type { Broker } from './raw-publish.js';

/** As many rows as the relay claims at once; more were no faster. */
const ROWS = 1_000;
const LANES = 2;

interface BareRow {
  readonly routing_key: string;
  readonly body: Buffer;
}

/**
 * The least that any relay has to do: claim rows by deleting them, publish each persistent, commit when all of the claim
 * are confirmed. Nothing is put back, noticed or counted, and what goes wrong ends it. Two claims are under way at a time.
 */
export async function relayBare(pool: pg.Pool, { url, busPrefix }: Broker): Promise<{ seconds: number }> {
  const connection = await amqp.connect(url);
  try {
    const channel = await connection.createConfirmChannel();
    await declareTopology(channel, eventTopology(busPrefix));
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: LANES }, () => emptyOutbox(pool, channel, busNames(busPrefix).events)),
    );
    return { seconds: (performance.now() - startedAt) / 1_000 };
  } finally {
    await connection.close();
  }
}

async function emptyOutbox(pool: pg.Pool, channel: ConfirmChannel, exchange: string): Promise<void> {
  const client = await pool.connect();
  try {
    for (;;) {
      const [, { rows }] = await Promise.all([client.query('BEGIN'), client.query<BareRow>(CLAIM, [ROWS])]);
      await publishAll(channel, exchange, rows);
      await client.query('COMMIT');
      if (rows.length < ROWS) return;
    }
  } finally {
    client.release();
  }
}

const CLAIM = `
  DELETE FROM outbox
  WHERE seq = ANY (ARRAY(SELECT seq FROM outbox ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED))
  RETURNING routing_key, body`;

function publishAll(channel: ConfirmChannel, exchange: string, rows: readonly BareRow[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = rows.length;
    if (missing === 0) return resolve();
    const onConfirm = (refusal: unknown): void => {
      if (refusal !== null && refusal !== undefined)
        return reject(new Error('The broker refused a message.'));
      missing -= 1;
      if (missing === 0) resolve();
    };
    for (const { routing_key: routingKey, body } of rows)
      channel.publish(exchange, routingKey, body, { persistent: true }, onConfirm);
  });
}
