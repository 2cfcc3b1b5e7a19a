import { createHash } from 'node:crypto';
import pg, { type Pool, type PoolClient } from 'pg';
import type { SourceDescription } from '#views';
import { withLockRetry, type LockRetryOptions } from '../schema/lock-retry.js';
import { copyTable, keyColumn, sqlName, unquotedName } from '../schema/names.js';
import { keyColumns, type KeyColumn } from './key-columns.js';
import { ensureRowFacts, rowFactFunctions } from './row-facts.js';
import { valueFunctions } from './value-functions.js';

/** Any number will do, as long as nothing else in this database takes it. */
const copiesLock = 7_310_501;

/**
 * Creates the copies' tables, and gives those that exist what their source gained: new keys are derived from the data
 * that is already there, in the same transaction. Safe to run at every start, from several processes at once.
 *
 * A new key column rewrites its table under ACCESS EXCLUSIVE; columns of keys that no source declares any more stay,
 * since the plan of an older generation may still look them up.
 *
 * @throws {PrejoinError} `columns_blocked` when a copy could not be locked in time
 */
export async function ensureCopyTables(
  pool: Pool,
  sources: readonly SourceDescription[],
  options: LockRetryOptions = {},
): Promise<void> {
  const purpose = { for: 'new keys', code: 'columns_blocked', turn: copiesLock };
  const work = async (client: PoolClient): Promise<void> => {
    await client.query(sharedFunctions);
    await client.query(valueFunctions);
    for (const source of [...sources].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      await ensureTable(client, source.name);
      await ensureRowFacts(client, source.name);
      for (const key of keyColumns(source, sources)) await ensureKey(client, source.name, key);
    }
  };
  await withLockRetry(pool, purpose, work, options);
}

/** A table that stands is left alone: CREATE TRIGGER would make every start wait for the writers, and them for it. */
async function ensureTable(client: PoolClient, source: string): Promise<void> {
  const { rows } = await client.query<{ stands: boolean }>('SELECT to_regclass($1) IS NOT NULL AS stands', [
    copyTable(source),
  ]);
  if (rows[0]?.stands !== true) await client.query(copyTableSql(source));
}

/*
 * The functions of generated columns have to be IMMUTABLE, and a generated column can hold no sub-select itself.
 * The schema's name is spelled out in none of them: a copy refers to them by object id, whatever the search path.
 *
 * `prejoin_item_keys` runs twice for each row that an upsert replaces. As a query it took 12 µs, which was a fifth of all
 * that the database did for an event; the loop takes 4.
 */
export const sharedFunctions = `
CREATE OR REPLACE FUNCTION prejoin_keys(list json) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ARRAY(
    SELECT DISTINCT (element #>> '{}') COLLATE "C"
    FROM pg_catalog.json_array_elements(CASE WHEN pg_catalog.json_typeof(list) = 'array' THEN list END) AS element (element)
    WHERE pg_catalog.json_typeof(element) <> 'null'
    ORDER BY 1
  )
$$;

-- The keys at one column of a list's items, each a single key or an array of them, in the order of their bytes and each
-- once. 'names' are tried in order, for a column that was renamed.
CREATE OR REPLACE FUNCTION prejoin_item_keys(items json, names text[], fallback json) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  list jsonb;
  member jsonb;
  key text;
  last text;
  ordered boolean := true;
  keys text[] := '{}';
BEGIN
  IF pg_catalog.json_typeof(items) IS DISTINCT FROM 'array' THEN RETURN keys; END IF;
  list := items;
  FOR at IN 0 .. pg_catalog.jsonb_array_length(list) - 1 LOOP
    member := coalesce(list -> at -> names[1], list -> at -> names[2], fallback::jsonb);
    IF pg_catalog.jsonb_typeof(member) = 'string' THEN
      key := member #>> '{}';
      ordered := ordered AND (last IS NULL OR last < key COLLATE "C");
      keys := keys || key;
      last := key;
    ELSIF pg_catalog.jsonb_typeof(member) <> 'null' THEN
      -- arrays of keys, and what is no text: jsonb would spell a number in its own way
      RETURN ARRAY(
        SELECT DISTINCT (element.value #>> '{}') COLLATE "C"
        FROM pg_catalog.json_array_elements(items) AS item (value)
        CROSS JOIN LATERAL (SELECT coalesce(item.value -> names[1], item.value -> names[2], fallback)) AS held (value)
        CROSS JOIN LATERAL pg_catalog.json_array_elements(
          CASE WHEN pg_catalog.json_typeof(held.value) = 'array' THEN held.value ELSE pg_catalog.json_build_array(held.value) END
        ) AS element (value)
        WHERE pg_catalog.json_typeof(element.value) <> 'null'
        ORDER BY 1
      );
    END IF;
  END LOOP;
  IF ordered THEN RETURN keys; END IF;
  RETURN ARRAY(SELECT DISTINCT each.key COLLATE "C" FROM pg_catalog.unnest(keys) AS each (key) ORDER BY 1);
END
$$;

CREATE OR REPLACE FUNCTION prejoin_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0]
    USING ERRCODE = 'restrict_violation', HINT = TG_ARGV[1];
END
$$;
${rowFactFunctions}`;

/*
 * COLLATE "C": ids are compared by byte everywhere (cursors, ranges, the order in which batches lock), whatever the
 * database's locale is and however a new version of it sorts.
 *
 * fillfactor 85: an update that leaves the keys alone can stay on its page and touches no index; a full page would make
 * every update write all of them.
 */
export function copyTableSql(source: string): string {
  const table = copyTable(source);
  return `
CREATE TABLE IF NOT EXISTS ${table} (
  id          text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) BETWEEN 1 AND 128 AND id NOT LIKE '\\_%'),
  epoch       bigint NOT NULL,
  version     bigint NOT NULL,
  deleted     boolean NOT NULL,
  occurred_at timestamptz NOT NULL,
  event_id    text NOT NULL,
  data        json CHECK (deleted = (data IS NULL))
) WITH (fillfactor = 85);

CREATE OR REPLACE TRIGGER prejoin_refuse_truncate BEFORE TRUNCATE ON ${table}
  FOR EACH STATEMENT EXECUTE FUNCTION prejoin_refuse(
    'it would leave documents of rows that are gone', 'Use DELETE, which marks what has to be built again.');

CREATE OR REPLACE TRIGGER prejoin_refuse_new_id BEFORE UPDATE OF id ON ${table}
  FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION prejoin_refuse(
    'an id never changes', 'Delete the row and insert another.');
`;
}

/** Adds the key and its index, or replaces them when the expression changed (the column was renamed, or got a default). */
async function ensureKey(client: PoolClient, source: string, key: KeyColumn): Promise<void> {
  const table = copyTable(source);
  const column = keyColumn(key.path);
  const stands = await client.query<{ comment: string | null }>(
    `SELECT col_description(attrelid, attnum) AS comment
     FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2 AND NOT attisdropped`,
    [table, unquotedName(`key_${key.path}`)],
  );
  const comment = `prejoin ${createHash('sha256').update(key.expression).digest('hex').slice(0, 12)}`;
  if (stands.rows[0]?.comment === comment) return;
  if (stands.rows[0] !== undefined) await client.query(`ALTER TABLE ${table} DROP COLUMN ${column}`);
  const statements = keyStatements(source, key);
  await client.query(statements.column);
  await client.query(statements.index);
  await client.query(`COMMENT ON COLUMN ${table}.${column} IS ${pg.escapeLiteral(comment)}`);
}

/** The statements that make the column of a key, and its index. */
export function keyStatements(
  source: string,
  key: KeyColumn,
): { readonly column: string; readonly index: string } {
  return { column: addKeySql(source, key), index: indexKeySql(source, key) };
}

function addKeySql(source: string, key: KeyColumn): string {
  const type = key.many ? 'text[]' : 'text COLLATE "C"';
  return `ALTER TABLE ${copyTable(source)} ADD COLUMN ${keyColumn(key.path)} ${type} GENERATED ALWAYS AS (${key.expression}) STORED`;
}

/** A single key is indexed with the id, so that a look-up reads the rows of one key in id order from where it stopped. */
function indexKeySql(source: string, key: KeyColumn): string {
  const name = sqlName(`copy_${source}_${key.path}`);
  const column = keyColumn(key.path);
  const method = key.many ? `USING gin (${column})` : `(${column}, id)`;
  return `CREATE INDEX IF NOT EXISTS ${name} ON ${copyTable(source)} ${method}`;
}
