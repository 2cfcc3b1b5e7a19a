import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { StackError } from './errors.js';

/** A database with the login role that owns it; both carry the same name. */
export interface DatabaseAccount {
  readonly name: string;
  readonly password: string;
}

/** The databases of the example domain: one per service, and the projector's own. */
export const databaseNames = [
  'customers',
  'catalog',
  'orders',
  'payments',
  'shipping',
  'projection',
] as const;
export type DatabaseName = (typeof databaseNames)[number];

/** The comment on every role and database that we made; nothing without it is changed or dropped. */
const mark = 'made by Prejoin';

/** A password that needs no escaping in a URL, in SQL or in a shell. */
export function randomPassword(): string {
  return randomBytes(24).toString('hex');
}

/**
 * Makes the databases and their roles, or brings those that exist to the same state (password, owner, privileges).
 * Afterwards no role but the owner and superusers may connect to a database.
 *
 * @param adminUrl a role that may create databases and roles
 * @returns the connection URL of each account, by its name
 */
export async function createDatabases(
  adminUrl: string,
  accounts: readonly DatabaseAccount[],
): Promise<Record<string, string>> {
  await asAdmin(adminUrl, async (admin) => {
    for (const account of accounts) await createDatabase(admin, account);
  });
  return Object.fromEntries(accounts.map((account) => [account.name, accountUrl(adminUrl, account)]));
}

async function createDatabase(admin: pg.Client, { name, password }: DatabaseAccount): Promise<void> {
  const database = pg.escapeIdentifier(name);
  const secret = pg.escapeLiteral(password);
  // Two processes may bring up the same databases; the lock ends with the connection.
  await admin.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
  const exists = await lookUp(admin, name);

  // Utility statements take no parameters, hence the escaped literals.
  await admin.query(`${exists.role ? 'ALTER' : 'CREATE'} ROLE ${database} LOGIN PASSWORD ${secret}`);
  await admin.query(`COMMENT ON ROLE ${database} IS '${mark}'`);
  // An administrator who is not a superuser may give away a database only to a role that it belongs to.
  await admin.query(`GRANT ${database} TO CURRENT_USER`);
  if (exists.database) await admin.query(`ALTER DATABASE ${database} OWNER TO ${database}`);
  // template0, since a copy of template1 is refused while anybody is connected to that.
  else await admin.query(`CREATE DATABASE ${database} OWNER ${database} TEMPLATE template0 ENCODING 'UTF8'`);
  await admin.query(`COMMENT ON DATABASE ${database} IS '${mark}'`);
  // PUBLIC may connect to every new database until this is revoked.
  await admin.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
}

/**
 * Which of role and database exist.
 * @throws {StackError} when one of them was made by somebody else: `orders` is a name that others use too, and its
 *   password and privileges are theirs
 */
async function lookUp(admin: pg.Client, name: string): Promise<{ role: boolean; database: boolean }> {
  const { rows } = await admin.query<{ kind: 'role' | 'database'; ours: boolean }>(
    `SELECT 'role' AS kind, shobj_description(oid, 'pg_authid') IS NOT DISTINCT FROM $2 AS ours
       FROM pg_roles WHERE rolname = $1
      UNION ALL
     SELECT 'database', shobj_description(oid, 'pg_database') IS NOT DISTINCT FROM $2
       FROM pg_database WHERE datname = $1`,
    [name, mark],
  );
  const foreign = rows.find((row) => !row.ours);
  if (foreign !== undefined) {
    throw new StackError(
      `The server already has a ${foreign.kind} '${name}' that is not Prejoin's: set PREJOIN_DATABASE_PREFIX to give ` +
        'the databases names of their own, or POSTGRES_URL to another server.',
    );
  }
  return {
    role: rows.some((row) => row.kind === 'role'),
    database: rows.some((row) => row.kind === 'database'),
  };
}

/**
 * Drops every database of ours whose name begins with `prefix`, and the role of the same name. Open connections to them
 * are ended.
 * @returns the names that were dropped
 */
export async function dropDatabases(adminUrl: string, prefix: string): Promise<string[]> {
  if (prefix === '') throw new RangeError('an empty prefix would drop every database');
  return asAdmin(adminUrl, async (admin) => {
    const { rows } = await admin.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database
        WHERE starts_with(datname, $1) AND shobj_description(oid, 'pg_database') = $2
        UNION
       SELECT rolname FROM pg_roles
        WHERE starts_with(rolname, $1) AND shobj_description(oid, 'pg_authid') = $2
        ORDER BY name`,
      [prefix, mark],
    );
    for (const { name } of rows) {
      await admin.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
      await admin.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(name)}`);
    }
    return rows.map((row) => row.name);
  });
}

/** The URL of `account` on the server of `adminUrl`; parameters such as `sslmode` stay. */
export function accountUrl(adminUrl: string, account: DatabaseAccount): string {
  const url = new URL(adminUrl);
  url.username = account.name;
  url.password = account.password;
  url.pathname = `/${account.name}`;
  return url.href;
}

/** Runs `work` on one connection of the administrator and closes it. */
export async function asAdmin<T>(adminUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
