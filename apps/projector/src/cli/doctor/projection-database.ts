import type { Pool } from 'pg';
import { messageOf, PrejoinError } from '#kernel';
import { currentRevision, inspectTriggers, missingMigrations } from '#projection';
import { serviceDatabases } from '../service-databases.js';
import { fail, ok, unknown, warn, type Finding } from './finding.js';
import type { Scene } from './scene.js';
import type { Check } from './run-checks.js';

const remedy = 'See that the database answers at PROJECTION_DATABASE_URL.';

/** What holds of the projection's own database. Each check fails by itself: a missing table must not hide a trigger. */
export function projectionChecks({ pool, projection }: Scene): readonly Check[] {
  const { declared, config } = projection;
  return [
    { what: 'projection: migrations', remedy, run: () => checkMigrations(pool) },
    { what: 'projection: epoch', remedy, run: () => checkEpoch(pool) },
    {
      what: 'projection: triggers',
      remedy,
      run: () =>
        checkTriggers(
          pool,
          declared.sources.map(({ name }) => name),
        ),
    },
    { what: 'projection: indexes', remedy, run: () => checkIndexes(pool) },
    { what: 'projection: queue tables', remedy, run: () => checkQueueTables(pool) },
    { what: 'projection: rights', remedy, run: () => checkRights(pool, config.PROJECTION_DATABASE_URL) },
  ];
}

async function checkMigrations(pool: Pool): Promise<readonly Finding[]> {
  const what = 'projection: migrations';
  const missing = await missingMigrations(pool);
  return [
    missing.length === 0
      ? ok(what, 'all that this release has')
      : fail(
          what,
          `it lacks ${missing.join(', ')}`,
          'Start a projector of this release, or run: npm run migrate',
        ),
  ];
}

async function checkEpoch(pool: Pool): Promise<readonly Finding[]> {
  const what = 'projection: epoch';
  try {
    const revision = await currentRevision(pool, 2_000);
    return [ok(what, `documents are written at revision ${revision} now`)];
  } catch (error) {
    if (!(error instanceof PrejoinError)) throw error;
    return [fail(what, messageOf(error), error.remedy ?? remedy)];
  }
}

async function checkTriggers(pool: Pool, sources: readonly string[]): Promise<readonly Finding[]> {
  const what = 'projection: triggers';
  const { missing, disabled, withoutCopy, sessionRole } = await inspectTriggers(pool, sources);
  const wrong = [
    ...(withoutCopy.length === 0 ? [] : [`no copy of ${withoutCopy.join(', ')}`]),
    ...(missing.length === 0 ? [] : [`triggers are missing on the copy of ${missing.join(', ')}`]),
    ...(disabled.length === 0 ? [] : [`disabled: ${disabled.join(', ')}`]),
    ...(sessionRole === 'origin'
      ? []
      : [`session_replication_role is ${sessionRole}, in which triggers do not run`]),
  ];
  if (wrong.length === 0) return [ok(what, `all there and enabled on ${sources.length} copies`)];
  const what2do =
    disabled.length > 0 || sessionRole !== 'origin'
      ? 'ALTER TABLE … ENABLE TRIGGER ALL, or ALTER ROLE … RESET session_replication_role; what changed meanwhile was not marked: npx prejoin verify finds it.'
      : 'Start a projector of this release: it makes what is missing. Then: npx prejoin verify';
  return [fail(what, wrong.join('; '), what2do)];
}

async function checkIndexes(pool: Pool): Promise<readonly Finding[]> {
  const what = 'projection: indexes';
  const { rows } = await pool.query<{ name: string }>(
    `SELECT indexrelid::regclass::text AS name FROM pg_index
     JOIN pg_class ON pg_class.oid = indrelid
     WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace ORDER BY 1`,
  );
  if (rows.length === 0) return [ok(what, 'all valid')];
  const names = rows.map(({ name }) => name).join(', ');
  return [
    warn(
      what,
      `invalid: ${names}`,
      'Unless a process builds them just now, drop them; the next start of a projector makes them again.',
    ),
  ];
}

const QUEUES = ['mark', 'fan_out', 'fan_out_job'];

async function checkQueueTables(pool: Pool): Promise<readonly Finding[]> {
  const what = 'projection: queue tables';
  const { rows } = await pool.query<{ table: string; dead: number; off: boolean }>(
    `SELECT relname AS "table", coalesce(n_dead_tup, 0)::float8 AS dead,
            coalesce('autovacuum_enabled=false' = ANY (reloptions) OR 'autovacuum_enabled=off' = ANY (reloptions), false) AS off
     FROM pg_class JOIN pg_stat_user_tables USING (relname)
     WHERE pg_class.oid = relid AND relname = ANY ($1) AND schemaname = current_schema()`,
    [QUEUES],
  );
  const wrong = rows.filter(({ dead, off }) => off || dead > 200_000);
  if (wrong.length === 0) return [ok(what, `${rows.reduce((sum, { dead }) => sum + dead, 0)} dead rows`)];
  return [
    warn(
      what,
      wrong
        .map(({ table, dead, off }) => `${table}: ${dead} dead rows${off ? ', autovacuum disabled' : ''}`)
        .join('; '),
      'Claims become slow. Look for a long transaction that holds vacuum back, let autovacuum run on the table, or VACUUM it.',
    ),
  ];
}

/** A projector that could read the services' databases would be one fault away from depending on them. */
async function checkRights(pool: Pool, own: string): Promise<readonly Finding[]> {
  const what = 'projection: rights';
  const { host } = new URL(own);
  const neighbours = serviceDatabases().flatMap(({ service, url }) => {
    const there = url === null ? null : new URL(url);
    return there === null || there.host !== host
      ? []
      : [{ service, database: decodeURIComponent(there.pathname.slice(1)) }];
  });
  if (neighbours.length === 0) return [ok(what, 'no service’s database is known on the same server')];
  const { rows } = await pool.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database
     WHERE datname = ANY ($1) AND datname <> current_database() AND has_database_privilege(datname, 'CONNECT')`,
    [neighbours.map(({ database }) => database)],
  );
  if (rows.length === 0)
    return [ok(what, `its role may connect to none of ${neighbours.length} services’ databases`)];
  const names = rows.map(({ name }) => name).join(', ');
  return [
    warn(
      what,
      `its role may connect to ${names}`,
      'REVOKE CONNECT ON DATABASE … FROM PUBLIC, and grant it to the service’s role alone.',
    ),
  ];
}

/** What is said of the database as a whole when nothing of it answers. */
export function databaseAway(name: string, variable: string, reason: string): Finding {
  return unknown(
    `${name}: reached`,
    reason,
    `See that the server runs, that ${variable} names it, and that the role and its password are right.`,
  );
}
