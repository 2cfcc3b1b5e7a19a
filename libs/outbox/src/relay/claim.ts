import type { Pool, PoolClient } from 'pg';
import { checkOut } from '#kernel';

/** An outbox row that this transaction has taken: gone if it commits, back if it does not. */
export interface ClaimedRow {
  readonly seq: number;
  readonly eventId: string;
  readonly routingKey: string;
  readonly body: Buffer;
  /** What only a row that is not confirmed needs, in one text, since each column costs each row: see detailsOf. */
  readonly packed: string;
}

/** The other columns of a claimed row. */
export interface RowDetails {
  readonly source: string;
  readonly aggregateId: string;
  readonly name: string;
  readonly epoch: number;
  readonly version: number;
  readonly attempts: number;
  readonly suspect: boolean;
  readonly createdAt: string;
}

/** Which rows a claim takes: those in good standing, up to a limit, or one that is only sent alone. */
export type ClaimScope =
  { readonly kind: 'ordinary'; readonly limit: number } | { readonly kind: 'one suspect' };

/**
 * Takes rows by deleting them; others skip what is taken. It must be ANY(ARRAY(…)): with IN (SELECT … LIMIT) the planner
 * may run the sub-select again for further rows and delete more than were locked (20 for a limit of 3 was seen).
 */
export async function claim(client: PoolClient, scope: ClaimScope): Promise<readonly ClaimedRow[]> {
  const [text, limit] =
    scope.kind === 'ordinary'
      ? [claimSql('NOT suspect', 'seq'), scope.limit]
      : [claimSql('suspect', 'due_at'), 1];
  const { rows } = await client.query<RawRow>({ text, values: [limit], rowMode: 'array' });
  // RETURNING promises no order.
  return rows.map(toClaimed).sort((a, b) => a.seq - b.seq);
}

/** Between the packed columns. Only the last of them may hold it: the others are numbers, a time, and checked names. */
const separator = '\u001f';

function claimSql(standing: 'NOT suspect' | 'suspect', order: 'seq' | 'due_at'): string {
  return `
    DELETE FROM outbox
    WHERE seq = ANY (ARRAY(
      SELECT seq FROM outbox
      WHERE due_at <= now() AND ${standing}
        -- Whoever pauses knows when it has committed that nothing more is claimed.
        AND NOT EXISTS (SELECT FROM outbox_control)
      ORDER BY ${order}
      LIMIT $1
      FOR UPDATE SKIP LOCKED
    ))
    RETURNING seq, event_id, routing_key, body,
      concat_ws(chr(31), epoch, version, attempts, suspect, created_at, source, name, aggregate_id)`;
}

type RawRow = [seq: string, eventId: string, routingKey: string, body: Buffer, packed: string];

function toClaimed([seq, eventId, routingKey, body, packed]: RawRow): ClaimedRow {
  return { seq: Number(seq), eventId, routingKey, body, packed };
}

export function detailsOf({ packed }: ClaimedRow): RowDetails {
  const [epoch, version, attempts, suspect, createdAt = '', source = '', name = '', ...aggregateId] =
    packed.split(separator);
  return {
    epoch: Number(epoch),
    version: Number(version),
    attempts: Number(attempts),
    suspect: suspect === 't',
    // stays text: a Date has no microseconds
    createdAt,
    source,
    name,
    aggregateId: aggregateId.join(separator),
  };
}

/** Runs `work` in a transaction on a connection of its own. A connection that is broken is not given back to the pool. */
export async function withTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  // The connection may break while no query runs (during a publish); the next query reports that.
  const reportedLater = (): void => {};
  const client = await checkOut(pool, reportedLater);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken = await rollBack(client);
    throw error;
  } finally {
    client.off('error', reportedLater);
    client.release(broken);
  }
}

/** Returns why the connection can not be used any more, if so; the server rolls back by itself when it is cut. */
async function rollBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
