import type pg from 'pg';
import { databaseUrlVariable, messageOf, openPool, readConfig } from '#kernel';
import { sources } from '#domains';

/** The own database of a service, as far as this command line may look into it. */
export interface ServiceDatabase {
  readonly service: string;
  /** The variable that names it. */
  readonly variable: string;
  /** Null when the variable is not set: then nobody can say what is in it. */
  readonly url: string | null;
}

/** What was seen in the database of a service, or why it could not be looked at. */
export type Seen<T> = { readonly service: string } & (
  { readonly seen: T } | { readonly unseen: string; readonly cause?: unknown }
);

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The databases of all services that own a declared source. Each is named by `<SERVICE>_DATABASE_URL`, the variable that the
 * service itself has; an operator who may not look into one leaves it out.
 * @throws {ConfigError} for one that is set and wrong
 */
export function serviceDatabases(env: Env = process.env): readonly ServiceDatabase[] {
  const owners = [...new Set(sources.flatMap(({ owner }) => owner ?? []))].sort();
  return owners.map((service) => {
    const variable = `${service.toUpperCase().replaceAll('-', '_')}_DATABASE_URL`;
    if ((env[variable] ?? '') === '') return { service, variable, url: null };
    const spec = { [variable]: databaseUrlVariable(service, `The database of ${service}.`) };
    return { service, variable, url: readConfig(spec, env)[variable] ?? null };
  });
}

/** Does `work` in the database of every service, side by side; one that can not be looked at is told with its reason. */
export function inEachService<T>(
  work: (pool: pg.Pool, service: string) => Promise<T>,
  { databases = serviceDatabases(), timeoutMs = 5_000 } = {},
): Promise<readonly Seen<T>[]> {
  return Promise.all(databases.map((database) => lookInto(database, work, timeoutMs)));
}

async function lookInto<T>(
  { service, variable, url }: ServiceDatabase,
  work: (pool: pg.Pool, service: string) => Promise<T>,
  timeoutMs: number,
): Promise<Seen<T>> {
  if (url === null) return { service, unseen: `${variable} is not set` };
  const pool = openPool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'prejoin cli',
  });
  // The query that runs is rejected as well, which is what is told.
  pool.on('error', () => undefined);
  try {
    return { service, seen: await work(pool, service) };
  } catch (error) {
    return { service, unseen: messageOf(error), cause: error };
  } finally {
    await pool.end();
  }
}
