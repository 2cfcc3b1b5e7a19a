import type { Pool } from 'pg';
import { migrations } from './migrations/migrations.js';
import { inTransaction } from './transaction.js';

/** Any number will do, as long as nothing else in this database takes it. */
const migrationLock = 7_310_500;

/**
 * Creates and upgrades the projection database's own tables. Each migration runs once, whoever starts first: the lock
 * makes concurrent starters wait, and all of a start's migrations commit together.
 *
 * @returns the names of the migrations that this call ran
 */
export async function migrateProjection(pool: Pool): Promise<readonly string[]> {
  return inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    await client.query(`
      CREATE TABLE IF NOT EXISTS schema_migration (
        name   text PRIMARY KEY,
        ran_at timestamptz NOT NULL DEFAULT now()
      )`);
    const { rows } = await client.query<{ name: string }>('SELECT name FROM schema_migration');
    const ran = new Set(rows.map((row) => row.name));
    const due = migrations.filter((migration) => !ran.has(migration.name));
    for (const { name, sql } of due) {
      await client.query(sql);
      await client.query('INSERT INTO schema_migration (name) VALUES ($1)', [name]);
    }
    return due.map((migration) => migration.name);
  });
}

/** The names of the migrations that this code has and the database lacks; all of them where it was never migrated. */
export async function missingMigrations(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ stands: boolean }>(
    `SELECT to_regclass('schema_migration') IS NOT NULL AS stands`,
  );
  const ran =
    rows[0]?.stands === true
      ? await pool.query<{ name: string }>('SELECT name FROM schema_migration')
      : { rows: [] };
  const names = new Set(ran.rows.map(({ name }) => name));
  return migrations.map(({ name }) => name).filter((name) => !names.has(name));
}
