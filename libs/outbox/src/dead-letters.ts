import type { Pool } from 'pg';

/** An event that the relay gave up, for people to judge. */
export interface OutboxDeadLetter {
  readonly seq: number;
  readonly eventId: string;
  readonly source: string;
  readonly aggregateId: string;
  readonly name: string;
  readonly version: number;
  readonly attempts: number;
  readonly reason: string;
  readonly deadAt: Date;
}

/** Which dead letters are meant: some by their `seq`, or all. */
export type DeadLetterChoice = 'all' | readonly number[];

/** The oldest dead letters first, at most `limit`. */
export async function listDeadLetters(pool: Pool, limit = 100): Promise<readonly OutboxDeadLetter[]> {
  const { rows } = await pool.query<OutboxDeadLetter>(
    `SELECT seq::float8 AS "seq", event_id AS "eventId", source, aggregate_id AS "aggregateId", name,
       version::float8 AS "version", attempts, reason, dead_at AS "deadAt"
     FROM outbox_dead_letter
     ORDER BY seq
     LIMIT $1`,
    [limit],
  );
  return rows;
}

/**
 * Puts dead letters back into the outbox, due now and with all their attempts before them. One that was only ever sent
 * alone stays so. Returns how many were put back.
 */
export async function retryDeadLetters(pool: Pool, choice: DeadLetterChoice): Promise<number> {
  const { rowCount } = await pool.query(
    `WITH revived AS (
       DELETE FROM outbox_dead_letter
       WHERE $1::bigint[] IS NULL OR seq = ANY ($1)
       RETURNING *
     )
     INSERT INTO outbox (seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body, last_error,
       suspect, created_at)
     SELECT seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body, reason, suspect, created_at
     FROM revived`,
    [choice === 'all' ? null : choice],
  );
  return rowCount ?? 0;
}

/** Deletes dead letters for good: their events will never be published. Returns how many there were. */
export async function discardDeadLetters(pool: Pool, choice: DeadLetterChoice): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM outbox_dead_letter WHERE $1::bigint[] IS NULL OR seq = ANY ($1)`,
    [choice === 'all' ? null : choice],
  );
  return rowCount ?? 0;
}
