import type { Pool, PoolClient } from 'pg';
import { PrejoinError } from '#kernel';
import { routesOf, type Plan } from '#views';
import { copyTable, keyColumn, unquotedName } from '../schema/names.js';
import { withLockRetry, type LockRetryOptions } from '../schema/lock-retry.js';
import { sourceTriggers, triggerPrefix, type KeyShapes, type SourceTriggers } from './trigger-sql.js';
import { unionOfRoutes } from './trigger-routes.js';

export interface InstallOptions extends LockRetryOptions {
  /**
   * Runs in the same transaction, after the triggers stand: the place to register the generation that they are for.
   * Registering later leaves a gap in which another process, which does not see the generation yet, installs a union
   * without it.
   */
  readonly register?: (client: PoolClient) => Promise<void>;
}

/**
 * Makes the marking triggers those of the union of `plans` and the plans of every generation that is not retired.
 *
 * All in one transaction: copies whose triggers change are locked first, in one order, so that a writer that ran the
 * old triggers has committed before anything that comes after this call, such as the scan of a new generation, looks.
 * Copies whose triggers stay as they are are not locked. Rows that are there already are not marked: scan them.
 *
 * @throws {PrejoinError} `copy_missing` when a plan reads a copy or key that `ensureCopyTables` has not made;
 *   `triggers_blocked` when the copies could not be locked in time
 */
export async function installTriggers(
  pool: Pool,
  plans: readonly Plan[],
  options: InstallOptions = {},
): Promise<void> {
  await withLockRetry(
    pool,
    { for: 'new triggers', code: 'triggers_blocked' },
    (client) => installOnce(client, plans, options.register),
    options,
  );
}

async function installOnce(
  client: PoolClient,
  plans: readonly Plan[],
  register: InstallOptions['register'],
): Promise<void> {
  // One installation at a time, and none while a generation is being registered elsewhere. Readers are not held up.
  await client.query('LOCK TABLE generation IN SHARE ROW EXCLUSIVE MODE');
  const registered = await client.query<{ plan: Plan }>(
    `SELECT plan FROM generation WHERE state <> 'retired'`,
  );
  const union = unionOfRoutes([...registered.rows.map((row) => row.plan), ...plans], routesOf);

  const schema = await currentSchema(client);
  const shapes = await keyShapes(client, schema);
  const wanted = [...union].map(([source, routes]) => sourceTriggers(schema, source, routes, shapes));
  await replaceTriggers(client, schema, wanted);
  await register?.(client);
}

interface StandingTrigger {
  readonly table: string;
  readonly trigger: string;
  readonly function: string;
}

async function replaceTriggers(
  client: PoolClient,
  schema: string,
  wanted: readonly SourceTriggers[],
): Promise<void> {
  const standing = await standingTriggers(client, schema);
  const kept = (name: string): boolean => wanted.some((triggers) => name.startsWith(triggers.name));
  const fresh = wanted.filter(
    (triggers) => !standing.some(({ trigger }) => trigger.startsWith(triggers.name)),
  );
  const stale = standing.filter(({ trigger }) => !kept(trigger));

  // The strongest lock that any of it needs, at once and in one order: an upgrade from CREATE TRIGGER's lock to
  // DROP TRIGGER's would deadlock with readers that lock several copies.
  const tables = new Set([
    ...fresh.map(({ source }) => copyTable(source)),
    ...stale.map(({ table }) => table),
  ]);
  if (tables.size > 0)
    await client.query(`LOCK TABLE ${[...tables].sort().join(', ')} IN ACCESS EXCLUSIVE MODE`);
  for (const { create } of fresh) for (const sql of create) await client.query(sql);
  for (const { table, trigger } of stale) await client.query(`DROP TRIGGER ${trigger} ON ${table}`);
  for (const dropped of new Set(stale.map((one) => one.function)))
    await client.query(`DROP FUNCTION ${dropped}()`);
}

/** The marking triggers that stand; names come quoted. */
async function standingTriggers(client: PoolClient, schema: string): Promise<readonly StandingTrigger[]> {
  const { rows } = await client.query<StandingTrigger>(
    `SELECT quote_ident(c.relname) AS "table",
            quote_ident(t.tgname) AS trigger,
            t.tgfoid::regproc::text AS "function"
     FROM pg_trigger t
     JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = $1::regnamespace AND starts_with(t.tgname, $2) AND NOT t.tgisinternal`,
    [schema, triggerPrefix],
  );
  return rows;
}

export async function currentSchema(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ schema: string }>('SELECT current_schema() AS schema');
  return rows[0]?.schema ?? 'public';
}

/** Reads from the catalogue which keys the copies have, and which of them hold several. */
export async function keyShapes(client: PoolClient, schema: string): Promise<KeyShapes> {
  const { rows } = await client.query<{ table: string; column: string; many: boolean }>(
    `SELECT c.relname AS "table", a.attname AS "column", a.atttypid = 'text[]'::regtype AS many
     FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND starts_with(c.relname, 'copy_')
       AND a.attnum > 0 AND NOT a.attisdropped`,
    [schema],
  );
  const many = new Map(rows.map((row) => [`${row.table}/${row.column}`, row.many]));
  return (source, path) => {
    const column = path === 'id' ? 'id' : unquotedName(`key_${path}`);
    const found = many.get(`${unquotedName(`copy_${source}`)}/${column}`);
    if (found === undefined) throw missingKey(source, path);
    return { many: found };
  };
}

function missingKey(source: string, path: string): PrejoinError {
  return new PrejoinError(
    'copy_missing',
    `A view follows '${path}' of '${source}', but ${copyTable(source)} has no column ${keyColumn(path)}.`,
    { remedy: `Declare '${path}' as a reference of '${source}' and create the copies before the triggers.` },
  );
}
