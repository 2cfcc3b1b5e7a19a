import type { Pool } from 'pg';
import { fail, ok, warn, type Finding } from './finding.js';

/** The oldest major version that everything works on, and the newest that it was run on. */
const OLDEST = 14;
const NEWEST = 18;

interface Server {
  readonly database: string;
  readonly role: string;
  readonly version: number;
  readonly standby: boolean;
  readonly superuser: boolean;
  readonly autovacuum: string;
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly synchronousCommit: string;
  readonly connections: number;
  readonly mostConnections: number;
  readonly prepared: number;
}

/** What holds of every PostgreSQL database of an installation; `name` is whose it is. */
export async function checkPostgres(pool: Pool, name: string): Promise<readonly Finding[]> {
  const { rows } = await pool.query<Server>(
    `SELECT current_database() AS database, current_user AS role, pg_is_in_recovery() AS standby,
            current_setting('server_version_num')::int / 10000 AS version,
            (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
            current_setting('autovacuum') AS autovacuum, current_setting('fsync') AS fsync,
            current_setting('full_page_writes') AS "fullPageWrites",
            current_setting('synchronous_commit') AS "synchronousCommit",
            (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
            current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
              AS "mostConnections",
            (SELECT count(*)::int FROM pg_prepared_xacts WHERE prepared < now() - interval '5 minutes') AS prepared`,
  );
  const server = rows[0] as Server;
  const of = `${name}:`;
  return [
    reached(of, server),
    server.standby
      ? fail(
          `${of} primary`,
          'it is a standby',
          'Point its URL at the primary (target_session_attrs=read-write).',
        )
      : ok(`${of} primary`, 'it is the primary'),
    settings(of, server),
    connections(of, server),
    await longTransactions(pool, of, server),
  ];
}

function reached(of: string, { database, role, version, superuser }: Server): Finding {
  const what = `${of} reached`;
  const where = `database ${database} as ${role}, PostgreSQL ${version}`;
  if (version < OLDEST) return fail(what, where, `Upgrade the server: ${OLDEST} is the oldest that works.`);
  if (superuser)
    return warn(
      what,
      `${where}; the role is a superuser`,
      'Use a role that owns its own database and no more.',
    );
  return ok(what, version > NEWEST ? `${where}, which is newer than what this release was run on` : where);
}

/** A commit that was answered has to be there after a crash, and dead rows of the queues have to go. */
function settings(of: string, server: Server): Finding {
  const what = `${of} settings`;
  const wrong = [
    ...(server.autovacuum === 'on' ? [] : ['autovacuum is off']),
    ...(server.fsync === 'on' ? [] : ['fsync is off']),
    ...(server.fullPageWrites === 'on' ? [] : ['full_page_writes is off']),
    ...(server.synchronousCommit === 'off' ? ['synchronous_commit is off'] : []),
  ];
  if (wrong.length === 0)
    return ok(what, `autovacuum, fsync, full_page_writes on; synchronous_commit ${server.synchronousCommit}`);
  return fail(
    what,
    wrong.join(', '),
    'Turn them on in postgresql.conf and reload: without them a crash loses what was answered, or claims become slow.',
  );
}

function connections(of: string, { connections: used, mostConnections: most }: Server): Finding {
  const what = `${of} connections`;
  const finding = `${used} of ${most} in use`;
  return used > most * 0.9
    ? warn(what, finding, 'Raise max_connections, or lower the pools (DATABASE_POOL_SIZE, BUILD_LANES).')
    : ok(what, finding);
}

interface Transaction {
  readonly pid: number;
  readonly seconds: number;
  readonly state: string;
  readonly application: string;
}

/** Of other roles a role sees only that they are connected, unless it may read all statistics. */
async function longTransactions(pool: Pool, of: string, { prepared }: Server): Promise<Finding> {
  const what = `${of} long transactions`;
  const { rows } = await pool.query<Transaction>(
    `SELECT pid, extract(epoch FROM now() - xact_start)::float8 AS seconds, state, application_name AS application
     FROM pg_stat_activity
     WHERE xact_start < now() - interval '5 minutes' AND backend_type = 'client backend' AND datname = current_database()
     ORDER BY xact_start
     LIMIT 3`,
  );
  const found = [
    ...rows.map(
      ({ pid, seconds, state, application }) =>
        `process ${pid} (${application || 'unnamed'}, ${state}) for ${Math.round(seconds / 60)} min`,
    ),
    ...(prepared > 0 ? [`${prepared} prepared and neither committed nor rolled back`] : []),
  ];
  if (found.length === 0) return ok(what, 'none above 5 minutes that this role may see');
  return warn(
    what,
    found.join('; '),
    'They hold back vacuum and DDL. End a forgotten one with pg_terminate_backend, a prepared one with ROLLBACK PREPARED.',
  );
}
