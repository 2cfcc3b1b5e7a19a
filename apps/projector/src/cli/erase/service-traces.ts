import pg, { type Pool } from 'pg';
import { messageOf } from '#kernel';
import { countInOutbox, eraseFromOutbox, type OutboxTraces } from '#outbox';
import type { Left } from '#projection';
import { inEachService, serviceDatabases, type Seen } from '../service-databases.js';

/** Where data of an aggregate is in the database of the service that owns it. */
export interface ServiceTraces extends OutboxTraces {
  /** Answers to commands that are kept for repeats and tell the aggregate's state. */
  readonly answers: number;
  /** The service's own tables that have a row of this id, which nobody but the service may delete. */
  readonly ownRows: readonly string[];
}

export interface ErasedInService {
  readonly found: ServiceTraces;
  readonly deleted: OutboxTraces & { readonly answers: number };
  readonly left: readonly Left[];
}

export interface Erasing {
  readonly service: string;
  readonly source: string;
  readonly id: string;
}

/** A relay holds what it publishes for about ten seconds at most. */
const TIMEOUT_MS = 20_000;

/** Looks into the database of the owner and changes nothing. */
export function findInService({ service, source, id }: Erasing): Promise<Seen<ServiceTraces>> {
  return inOwner(service, (pool) => tracesIn(pool, source, id));
}

/** Deletes unsent events and dead letters, and empties stored answers. A repeat of a command still finds its key. */
export function eraseInService(
  { service, source, id }: Erasing,
  signal: AbortSignal,
): Promise<Seen<ErasedInService>> {
  return inOwner(service, async (pool) => {
    const found = await tracesIn(pool, source, id);
    const answers = await emptyAnswers(pool, id);
    const { deleted, held } = await eraseFromOutbox(pool, source, id, { signal });
    const dead = await vacuum(pool);
    const left: readonly Left[] =
      held === 0
        ? []
        : [
            {
              what: `${held} events in the outbox of ${service} that its relay holds`,
              remedy: 'Run the command again.',
            },
          ];
    return { found, deleted: { ...deleted, answers }, left: [...left, ...dead] };
  });
}

async function inOwner<T>(service: string, work: (pool: Pool) => Promise<T>): Promise<Seen<T>> {
  const databases = serviceDatabases().filter((database) => database.service === service);
  const [seen] = await inEachService(work, { databases, timeoutMs: TIMEOUT_MS });
  return seen ?? { service, unseen: 'no service of this name owns a source' };
}

async function tracesIn(pool: Pool, source: string, id: string): Promise<ServiceTraces> {
  return {
    ...(await countInOutbox(pool, source, id)),
    answers: await countAnswers(pool, id),
    ownRows: await ownRows(pool, id),
  };
}

/** An answer is the resource as JSON; `"customerId":"…"` and its like are of other resources, which only refer to it. */
const ANSWERS = `FROM idempotency_key WHERE position('"id":' || to_json($1::text)::text IN body) > 0`;

async function hasAnswers(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ stands: boolean }>(
    `SELECT to_regclass('idempotency_key') IS NOT NULL AS stands`,
  );
  return rows[0]?.stands === true;
}

async function countAnswers(pool: Pool, id: string): Promise<number> {
  if (!(await hasAnswers(pool))) return 0;
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count ${ANSWERS}`, [id]);
  return rows[0]?.count ?? 0;
}

/** The key and the status stay: without them, a repeat of the command would be done a second time. */
async function emptyAnswers(pool: Pool, id: string): Promise<number> {
  if (!(await hasAnswers(pool))) return 0;
  const { rowCount } = await pool.query(
    `UPDATE idempotency_key SET body = NULL WHERE key IN (SELECT key ${ANSWERS})`,
    [id],
  );
  return rowCount ?? 0;
}

/** What is not a service's own. */
const SHARED = [
  'outbox',
  'outbox_dead_letter',
  'outbox_control',
  'relay_process',
  'idempotency_key',
  'resync',
  'source_epoch',
  'migrations',
];

async function ownRows(pool: Pool, id: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string; column: string; type: string }>(
    `SELECT c.relname AS name, a.attname AS column, a.atttypid::regtype::text AS type
     FROM pg_index i
     JOIN pg_class c ON c.oid = i.indrelid
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
     WHERE i.indisprimary AND i.indnkeyatts = 1 AND c.relnamespace = current_schema()::regnamespace
       AND a.atttypid IN ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype) AND c.relname <> ALL($1::text[])
     ORDER BY c.relname`,
    [SHARED],
  );
  const found: string[] = [];
  for (const { name, column, type } of rows) {
    if (type === 'uuid' && !/^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(id)) continue;
    const { rowCount } = await pool.query(
      `SELECT FROM ${pg.escapeIdentifier(name)} WHERE ${pg.escapeIdentifier(column)} = $1::${type}`,
      [id],
    );
    if (rowCount !== 0) found.push(name);
  }
  return found;
}

async function vacuum(pool: Pool): Promise<readonly Left[]> {
  try {
    for (const table of ['outbox', 'outbox_dead_letter']) await pool.query(`VACUUM ${table}`);
    if (await hasAnswers(pool)) await pool.query('VACUUM idempotency_key');
    return [];
  } catch (error) {
    return [
      {
        what: `dead rows of the service's tables in their files: ${messageOf(error)}`,
        remedy: 'Let the owner of the tables run: VACUUM outbox, outbox_dead_letter, idempotency_key',
      },
    ];
  }
}
