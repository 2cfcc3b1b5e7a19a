import type { Pool } from 'pg';
import type { Write } from '#kernel';
import type { FanOutRoute } from '../fan-out/fan-out-route.js';
import { leadingKeys } from '../fan-out/leading-keys.js';
import { anyRootWaits } from '../fan-out/look-up.js';
import { marksOfRoots, marksThatCount } from '../marks/marks-of-roots.js';
import { priorityNumber } from '../marks/priority.js';
import { copyTable } from '../schema/names.js';
import { ownKeysSql, type FollowedWrite } from './own-keys.js';
import { servedIndices } from './served.js';

/** What is asked of one view: the documents of these writes, or one of its documents alone. */
export interface Followed {
  readonly view: string;
  readonly followed: readonly FollowedWrite[];
  readonly rootId: string | null;
}

/** When the copies were seen to hold these versions or later ones, by the database's clock; null while they do not. */
export async function appliedAt(pool: Pool, writes: readonly Write[]): Promise<string | null> {
  const there = writes.map(
    ({ source }, at) => `EXISTS (
       SELECT FROM ${copyTable(source)}
       WHERE id = $${3 * at + 1} AND (epoch, version) >= ($${3 * at + 2}::bigint, $${3 * at + 3}::bigint)
     )`,
  );
  const { rows } = await pool.query<{ at: string | null }>(
    `SELECT CASE WHEN ${there.join(' AND ')} THEN clock_timestamp()::text END AS at`,
    writes.flatMap(({ id, epoch, version }) => [id, epoch, version]),
  );
  return rows[0]?.at ?? null;
}

/** With more changed keys than this no one is looked at: there is a backlog, and some of them may lead anywhere. */
const MOST_KEYS = 10_000;

/**
 * When no key that had changed until `until` was left to be looked up; null while one is.
 *
 * Of the keys that nobody has looked up yet all of the view's count, since a row that was re-parented does not tell where
 * it was before; they are gone in no time. Those that are tried again after a fault, and jobs, may take long: they count
 * only for the keys that the written rows hold now. For one document every key counts that leads to it, and a job until it
 * has marked it.
 */
export async function lookedUpAt(
  pool: Pool,
  { view, followed, rootId }: Followed,
  until: string,
): Promise<string | null> {
  const own = ownKeysSql(
    followed.filter(({ path }) => path.route.steps.length > 0),
    4,
  );
  const { rows } = await pool.query<{ now: string; route: FanOutRoute | null; key: string | null }>(
    `WITH
       own AS MATERIALIZED (${own.sql}),
       waiting AS (
         (SELECT route, key FROM fan_out
          WHERE route ->> 'view' = $1 AND created_at <= $2::timestamptz
            AND ($3::text IS NOT NULL OR attempts = 0 OR (route, key) IN (SELECT route, key FROM own))
          LIMIT ${MOST_KEYS})
         UNION ALL
         SELECT route, key FROM fan_out_job
         WHERE created_at <= $2::timestamptz AND (route, key) IN (SELECT route, key FROM own)
           AND ($3::text IS NULL OR ${isAheadSql('$3::text')})
       )
     SELECT clock_timestamp()::text AS now, route, key FROM (SELECT) AS once LEFT JOIN waiting ON true`,
    [view, until, rootId, ...own.values],
  );
  if (rows.length >= MOST_KEYS) return null;
  const waiting = rows.flatMap(({ route, key }) => (route === null || key === null ? [] : [{ route, key }]));
  const left = rootId === null ? waiting : await leadingKeys(pool, rootId, waiting);
  return left.length === 0 ? (rows[0]?.now ?? null) : null;
}

/** Whether a job has not come to a root yet: ids are a circle, on which it goes from its cursor on (fan-out/jobs.ts). */
function isAheadSql(rootId: string): string {
  const [id, from, to] = [rootId, 'cursor', 'until'].map((text) => `${text} COLLATE "C"`);
  return `CASE WHEN until IS NULL THEN ${id} > ${from}
                WHEN ${to} > ${from} THEN ${id} > ${from} AND ${id} <= ${to}
                ELSE ${id} > ${from} OR ${id} <= ${to} END`;
}

/** That nothing is left, and who may have something under way that was not to be seen. */
export interface Built {
  /** By the database's clock. */
  readonly at: string;
  /** The transactions that had written to marks then, and were open. */
  readonly writers: readonly string[];
}

/**
 * When no mark that was made until `until` was left that may stand for the writes; null while one is. A mark is there until
 * the index has answered, and what is put back keeps its time. Not while a document of theirs is one that the index refused.
 *
 * One case is not to be seen by the marks: a builder that is late leaves a document to another, which has decided about it
 * from a later snapshot, and is done before that one has its answer (build/write-documents.ts). The other holds its claim
 * meanwhile, of marks that may be newer. For one document its row tells; for any of them, whoever has a claim is named.
 */
export async function builtAt(pool: Pool, asked: Followed, until: string): Promise<Built | null> {
  const indexNames = await servedIndices(pool, asked.view);
  if (indexNames === null) return null;
  const waiting = { indexNames, until };
  if (asked.rootId !== null) {
    if (await rootsWait(pool, asked.view, [asked.rootId], waiting)) return null;
    return (await isUnderWay(pool, asked.view, asked.rootId, indexNames)) ? null : { at: until, writers: [] };
  }
  const { direct, others } = await marksLeft(pool, asked.view, waiting);
  if (direct || (others && (await anyReachedWaits(pool, asked, waiting)))) return null;
  return readWriters(pool);
}

/** Whether all of these transactions have ended; true or null. */
export async function haveEnded(pool: Pool, writers: readonly string[]): Promise<true | null> {
  const open = (await readWriters(pool)).writers;
  return writers.some((writer) => open.includes(writer)) ? null : true;
}

/** Everybody may read who holds which lock; whoever inserts or deletes rows holds one on their table until its end. */
async function readWriters(pool: Pool): Promise<Built> {
  const { rows } = await pool.query<Built>(
    `SELECT clock_timestamp()::text AS at, ARRAY(
       SELECT DISTINCT virtualtransaction FROM pg_locks
       WHERE locktype = 'relation' AND relation = 'mark'::regclass AND mode = 'RowExclusiveLock' AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     ) AS writers`,
  );
  const [read] = rows;
  if (read === undefined) throw new RangeError('A select without a table has one row.');
  return read;
}

/** Whether somebody holds a mark of the document, of whatever age, while the index has not confirmed what was decided. */
async function isUnderWay(
  pool: Pool,
  view: string,
  rootId: string,
  indexNames: readonly string[],
): Promise<boolean> {
  const { rows } = await pool.query<{ unconfirmed: boolean }>(
    `SELECT EXISTS (
       SELECT FROM document WHERE index_name = ANY($1::text[]) AND root_id = $2 AND NOT confirmed
     ) AS unconfirmed`,
    [indexNames, rootId],
  );
  if (rows[0]?.unconfirmed !== true) return false;
  const marks = await marksOfRoots(pool, { view, rootIds: [rootId], indexNames, until: 'infinity' });
  return marks.size > 0;
}

interface Waiting {
  readonly indexNames: readonly string[];
  readonly until: string;
}

/**
 * Whether ordinary changes are left, of any document, and whether any mark is left that may take long: of a wide change,
 * of a document that could not be built or that rests, or the refusal of one.
 */
async function marksLeft(
  pool: Pool,
  view: string,
  { indexNames, until }: Waiting,
): Promise<{ readonly direct: boolean; readonly others: boolean }> {
  const some = (condition: string): string =>
    `EXISTS (SELECT FROM mark WHERE view = $1 AND ${marksThatCount('mark', { indexNames: '$2', until: '$3' })}
               AND ${condition})`;
  const { rows } = await pool.query<{ direct: boolean; others: boolean }>(
    `SELECT ${some(`priority = ${priorityNumber.direct} AND attempts = 0 AND due_at <= now()`)} AS direct,
            ${some(`priority = ${priorityNumber.direct} AND (attempts > 0 OR due_at > now())`)}
            OR ${some(`priority = ${priorityNumber.bulk}`)}
            OR EXISTS (SELECT FROM dead_letter WHERE ${refusals('$2')}) AS others`,
    [view, indexNames, until],
  );
  return rows[0] ?? { direct: true, others: true };
}

/** Whether a root waits that the written rows lead to now. */
async function anyReachedWaits(pool: Pool, { view, followed }: Followed, waiting: Waiting): Promise<boolean> {
  for (const one of followed) {
    const { route } = one.path;
    const own = ownKeysSql([one], 1);
    // The route is not asked for here, but a parameter has to be used to have a type.
    const { rows } = await pool.query<{ key: string }>(`SELECT key, route FROM (${own.sql}) AS own`, [
      ...own.values,
    ]);
    const keys = rows.map(({ key }) => key);
    const waits =
      route.steps.length === 0
        ? await rootsWait(pool, view, keys, waiting)
        : await anyRootWaits(pool, route, keys, waiting);
    if (waits) return true;
  }
  return false;
}

async function rootsWait(
  pool: Pool,
  view: string,
  rootIds: readonly string[],
  { indexNames, until }: Waiting,
): Promise<boolean> {
  const marks = await marksOfRoots(pool, { view, rootIds, indexNames, until });
  if (marks.size > 0) return true;
  const { rows } = await pool.query<{ refused: boolean }>(
    `SELECT EXISTS (SELECT FROM dead_letter WHERE ${refusals('$1')} AND root_id = ANY($2::text[])) AS refused`,
    [indexNames, rootIds],
  );
  return rows[0]?.refused ?? false;
}

function refusals(indexNames: string): string {
  return `kind = 'document' AND index_name = ANY(${indexNames}::text[]) AND healed_at IS NULL`;
}
