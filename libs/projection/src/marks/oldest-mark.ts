import type { Pool } from 'pg';

/** How long the oldest mark has been waiting, in seconds; null when none waits. */
export async function oldestMark(pool: Pool): Promise<number | null> {
  return oldest(pool, 'mark');
}

/** How long the oldest fan-out row has been waiting, in seconds; null when none waits. */
export async function oldestFanOut(pool: Pool): Promise<number | null> {
  return oldest(pool, 'fan_out');
}

/**
 * By `seq`, whose index gives the first row at once: `min(created_at)` would read the whole backlog at every scrape. A
 * row that was put back has a new `seq` and its old time, so under faults the true oldest may stand a little further on.
 */
async function oldest(pool: Pool, table: 'mark' | 'fan_out'): Promise<number | null> {
  const { rows } = await pool.query<{ age: number }>(
    `SELECT greatest(0, extract(epoch FROM now() - created_at))::float8 AS age FROM ${table} ORDER BY seq LIMIT 1`,
  );
  return rows[0]?.age ?? null;
}
