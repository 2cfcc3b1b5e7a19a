import type { Pool } from 'pg';

/** The time of the database, whose clock rows are stamped by. As text: a JavaScript date would cut off the microseconds. */
export async function databaseNow(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  return (rows[0] as { now: string }).now;
}
