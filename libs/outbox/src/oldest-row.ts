import type { Pool } from 'pg';

/**
 * How long the oldest unsent event has waited, in seconds, or null when none waits: the measure of a relay's health. It
 * includes what waits for a further attempt, but no dead letters.
 */
export async function oldestOutboxRow(pool: Pool): Promise<number | null> {
  // By `seq` rather than min(created_at): the primary key answers it, and both rise together but for open transactions.
  const { rows } = await pool.query<{ age: number }>(
    `SELECT greatest(extract(epoch FROM clock_timestamp() - created_at), 0)::float8 AS age
     FROM outbox
     ORDER BY seq
     LIMIT 1`,
  );
  return rows[0]?.age ?? null;
}
