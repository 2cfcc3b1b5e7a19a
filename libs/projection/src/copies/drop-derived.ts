import type { Pool } from 'pg';
import type { Plan } from '#views';
import { withLockRetry, type LockRetryOptions } from '../schema/lock-retry.js';
import { copyTable } from '../schema/names.js';
import { derivedIndexesOf, derivedIndexPrefix } from './derived-indexes.js';
import { storedValuePrefix, storedValuesOf } from './derived-values.js';
import { columnLocks } from './ensure-derived.js';

/**
 * Drops the derived columns and indexes that none of these plans needs, which are those of all generations that are not
 * retired. Nothing is rewritten.
 *
 * The caller holds the generation lock, so nobody has just made columns for a generation that is yet to be registered. A
 * builder whose snapshot still lists a retired generation has locked the copies before, and is waited for.
 *
 * @throws {PrejoinError} `columns_blocked` when a copy could not be locked in time
 */
export async function dropUnusedDerived(
  pool: Pool,
  plans: readonly Plan[],
  options: LockRetryOptions = {},
): Promise<void> {
  const indexes = derivedIndexesOf(plans).map(({ name }) => name);
  // Names of columns hold a hash of what they are made by, and so does the table that they are of.
  const columns = storedValuesOf(plans).map(({ source, name }) => `${copyTable(source)}.${name}`);
  const drops = [...(await unusedIndexes(pool, indexes)), ...(await unusedColumns(pool, columns))];
  for (const drop of drops) await withLockRetry(pool, columnLocks, (client) => client.query(drop), options);
}

async function unusedIndexes(pool: Pool, used: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ sql: string }>(
    `SELECT format('DROP INDEX %I', relname) AS sql
     FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind = 'i' AND starts_with(relname, $1)
       AND relname <> ALL($2::text[])
     ORDER BY relname`,
    [derivedIndexPrefix, used],
  );
  return rows.map((row) => row.sql);
}

/** One statement for each table. Indexes that hold a dropped column go with it. */
async function unusedColumns(pool: Pool, used: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ sql: string }>(
    `SELECT format('ALTER TABLE %I %s', c.relname, string_agg(format('DROP COLUMN %I', a.attname), ', ')) AS sql
     FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND starts_with(c.relname, 'copy_')
       AND a.attgenerated = 's' AND starts_with(a.attname, $1) AND NOT a.attisdropped
       AND format('"%s".%s', c.relname, a.attname) <> ALL($2::text[])
     GROUP BY c.relname
     ORDER BY c.relname`,
    [storedValuePrefix, used],
  );
  return rows.map((row) => row.sql);
}
