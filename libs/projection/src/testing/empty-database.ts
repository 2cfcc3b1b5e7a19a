import type { Pool } from 'pg';
import { installTriggers } from '../marks/triggers.js';

/**
 * Takes all rows and the triggers of all views out of a projection database, so that it is as it was after its migrations
 * and copies; keys and values that views had added to the copies stay. It is refused where an aggregate
 * was erased, which copies remember for ever.
 */
export async function emptyDatabase(pool: Pool): Promise<void> {
  // Without generations there is no trigger left to wish for, and nothing marks what is deleted next.
  await pool.query('DELETE FROM generation');
  await installTriggers(pool, []);
  const { rows } = await pool.query<{ statements: string }>(
    `SELECT string_agg(format('DELETE FROM %I', relname), ';') AS statements FROM pg_class
     WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname <> 'schema_migration'`,
  );
  await pool.query(rows[0]?.statements ?? '');
}
