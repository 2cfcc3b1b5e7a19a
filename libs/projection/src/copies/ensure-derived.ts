import type { Pool, PoolClient } from 'pg';
import { PrejoinError, silentLogger } from '#kernel';
import type { Plan } from '#views';
import { withClient } from '../revision/client.js';
import { blockedError, withLockRetry, type LockRetryOptions } from '../schema/lock-retry.js';
import { copyTable, sqlName } from '../schema/names.js';
import { sqlState } from '../schema/transaction.js';
import { derivedIndexesOf, type DerivedIndex } from './derived-indexes.js';
import { storedValuesOf, type StoredValue } from './derived-values.js';

export const columnLocks = { for: 'new columns', code: 'columns_blocked' } as const;

/**
 * Gives the copies the columns and indexes by which these plans filter, sort and roll up. They are derived from the state
 * that is there, so they are filled when this returns. What stands already costs one look at the catalogue; nothing is
 * locked then. The caller holds the generation lock, and installs triggers and registers afterwards.
 *
 * A new column rewrites its table, and nobody reads or writes it meanwhile; all columns of a table come in one rewrite.
 * Builders lock the copies before they take their snapshot, so none has a snapshot from before a rewrite. Indexes are
 * built beside writers.
 *
 * @throws {PrejoinError} `copy_missing` when a plan reads a copy that `ensureCopyTables` has not made; `columns_blocked`
 *   when a copy could not be locked in time
 */
export async function ensureDerived(
  pool: Pool,
  plans: readonly Plan[],
  options: LockRetryOptions = {},
): Promise<void> {
  const values = Map.groupBy(storedValuesOf(plans), ({ source }) => source);
  const indexes = Map.groupBy(derivedIndexesOf(plans), ({ source }) => source);
  for (const source of [...new Set([...values.keys(), ...indexes.keys()])].sort()) {
    const rewritten = await ensureColumns(pool, source, values.get(source) ?? [], options);
    for (const index of indexes.get(source) ?? []) await ensureIndex(pool, index, options);
    // A rewritten table has neither statistics of the new columns nor a visibility map, without which a roll-up by an
    // index visits every row all the same.
    if (rewritten) await pool.query(`VACUUM (ANALYZE) ${copyTable(source)}`);
  }
}

async function ensureColumns(
  pool: Pool,
  source: string,
  wanted: readonly StoredValue[],
  options: LockRetryOptions,
): Promise<boolean> {
  const standing = await columnsOf(pool, source);
  if (wanted.every(({ name }) => standing.has(name))) return false;
  const { logger = silentLogger } = options;
  logger.info({ source }, `The copies of ${source} get new columns, and are not read or written meanwhile`);
  return withLockRetry(pool, columnLocks, (client) => addColumns(client, source, wanted), options);
}

async function addColumns(
  client: PoolClient,
  source: string,
  wanted: readonly StoredValue[],
): Promise<boolean> {
  const table = copyTable(source);
  await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  const standing = await columnsOf(client, source);
  const missing = wanted.filter(({ name }) => !standing.has(name));
  if (missing.length === 0) return false;
  await client.query(`ALTER TABLE ${table} ${missing.map(addColumnSql).join(', ')}`);
  return true;
}

/** The clause of ALTER TABLE that adds the column. */
export function addColumnSql({ name, type, expression }: StoredValue): string {
  return `ADD COLUMN ${sqlName(name)} ${type} GENERATED ALWAYS AS (${expression}) STORED`;
}

async function columnsOf(client: Pool | PoolClient, source: string): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped',
    [copyTable(source)],
  );
  if (rows.length === 0)
    throw new PrejoinError(
      'copy_missing',
      `A view reads '${source}', but there is no ${copyTable(source)}.`,
      {
        remedy: `Declare the source '${source}' and create the copies before the generations.`,
      },
    );
  return new Set(rows.map((row) => row.name));
}

/** CREATE INDEX CONCURRENTLY leaves an invalid index when it fails, which the next attempt begins by dropping. */
async function ensureIndex(pool: Pool, index: DerivedIndex, options: LockRetryOptions): Promise<void> {
  const { deadlineMs = 60_000, logger = silentLogger } = options;
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const state = await indexState(pool, index.name);
    if (state === 'valid') return;
    try {
      await withClient(pool, (client) => buildIndex(client, index, state, deadline - performance.now()));
    } catch (error) {
      // A deadlock ends either side; here it is with a rewrite that waits for this and holds what this waits for.
      if (sqlState(error) !== '40P01' && sqlState(error) !== '55P03') throw error;
      if (performance.now() >= deadline) throw blockedError(columnLocks, deadlineMs, error);
      logger.warn({ index: index.name }, 'An index could not be built beside the writers; trying again.');
    }
  }
}

/** It waits for every transaction that is older; the timeout is the session's, since it can run in no transaction. */
async function buildIndex(
  client: PoolClient,
  { name, definition }: DerivedIndex,
  state: 'invalid' | 'missing',
  timeoutMs: number,
): Promise<void> {
  await client.query(`SELECT set_config('lock_timeout', $1, false)`, [
    `${Math.max(1, Math.ceil(timeoutMs))}ms`,
  ]);
  if (state === 'invalid') await client.query(`DROP INDEX CONCURRENTLY ${name}`);
  await client.query(`CREATE INDEX CONCURRENTLY ${name} ${definition}`);
  // Reached in success only; a connection that failed is not used again.
  await client.query('RESET lock_timeout');
}

async function indexState(pool: Pool, name: string): Promise<'valid' | 'invalid' | 'missing'> {
  const { rows } = await pool.query<{ valid: boolean }>(
    'SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)',
    [name],
  );
  if (rows[0] === undefined) return 'missing';
  return rows[0].valid ? 'valid' : 'invalid';
}
