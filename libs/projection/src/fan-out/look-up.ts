import type { ClientBase, Pool, PoolClient } from 'pg';
import { marksThatCount } from '../marks/marks-of-roots.js';
import { priorityNumber } from '../marks/priority.js';
import { copyTable, keyColumn } from '../schema/names.js';
import type { FanOutKey, FanOutRoute, FanOutStep } from './fan-out-route.js';

/** Keys of one route whose roots are looked up together. */
export interface LookUp {
  readonly route: FanOutRoute;
  readonly keys: readonly string[];
  readonly occurredAt: Date | null;
}

export interface WholeOptions {
  /** So many roots, or more, are none at all. */
  readonly limit: number;
  /** Up to so many roots are marked as direct changes. */
  readonly directUpTo: number;
}

/**
 * Marks all roots of the keys, or none if there are `limit` or more: then the answer is `too_many`.
 *
 * Its snapshot is the look-up's, so it has to begin after the statement that claimed the keys (READ COMMITTED).
 */
export async function markWhole(
  client: PoolClient,
  { route, keys, occurredAt }: LookUp,
  { limit, directUpTo }: WholeOptions,
): Promise<number | 'too_many'> {
  const { rows } = await client.query<{ found: number }>(
    `${rootsSql(route)},
     found (roots) AS (SELECT count(*)::int FROM root),
     marked AS (
       INSERT INTO mark (view, root_id, occurred_at, priority)
       SELECT $5, root.id, $6::timestamptz,
              CASE WHEN found.roots <= $7::int THEN ${priorityNumber.direct} ELSE ${priorityNumber.bulk} END
       FROM root CROSS JOIN found
       WHERE found.roots < $3::bigint
     )
     SELECT roots AS found FROM found`,
    [keys, '', limit, null, route.view, occurredAt, directUpTo],
  );
  const found = rows[0]?.found ?? 0;
  return found < limit ? found : 'too_many';
}

/** Root ids after the first and up to the last, which is included; null is as far as they go. */
export interface Range {
  readonly after: string;
  readonly upTo: string | null;
}

export interface Chunk {
  readonly marks: number;
  /** The last root that was marked, or null when the range has no more. */
  readonly last: string | null;
}

/** Marks the next roots of the range, at most `limit`, in id order, as bulk. Snapshot as for `markWhole`. */
export async function markNext(
  client: PoolClient,
  { route, keys, occurredAt }: LookUp,
  { after, upTo }: Range,
  limit: number,
): Promise<Chunk> {
  const { rows } = await client.query<{ marks: number; last: string | null }>(
    `${rootsSql(route)},
     marked AS (
       INSERT INTO mark (view, root_id, occurred_at, priority)
       SELECT $5, root.id, $6::timestamptz, ${priorityNumber.bulk} FROM root
     )
     SELECT count(*)::int AS marks, max(id) AS last FROM root`,
    [keys, after, limit, upTo, route.view, occurredAt],
  );
  const { marks, last } = rows[0] ?? { marks: 0, last: null };
  return { marks, last: marks < limit ? null : last };
}

/** How many roots the keys have together. It reads all of them: run it under a statement timeout. */
export async function countRoots(
  client: PoolClient,
  route: FanOutRoute,
  keys: readonly string[],
): Promise<number> {
  const { rows } = await client.query<{ roots: number }>(
    `${rootsSql(route)} SELECT count(*)::int AS roots FROM root`,
    [keys, '', null, null],
  );
  return rows[0]?.roots ?? 0;
}

/** The ids of the roots that the keys have together, at most `limit`, in id order. */
export async function findRoots(
  client: PoolClient,
  route: FanOutRoute,
  keys: readonly string[],
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(`${rootsSql(route)} SELECT id FROM root`, [
    keys,
    '',
    limit,
    null,
  ]);
  return rows.map(({ id }) => id);
}

/** What has to be there for a root to wait. */
export interface Waiting {
  /** The generations that matter. */
  readonly indexNames: readonly string[];
  /** Marks made later do not count, by the database's clock. */
  readonly until: string;
}

/** Whether any root of the keys has a mark that counts, or a document that the index refused. It reads all of the roots. */
export async function anyRootWaits(
  client: ClientBase | Pool,
  route: FanOutRoute,
  keys: readonly string[],
  { indexNames, until }: Waiting,
): Promise<boolean> {
  // Roots come in the order of "C", and both tables have the default collation: which one equality means is to be said.
  const marked = (priority: number): string => `EXISTS (
    SELECT FROM root JOIN mark ON mark.root_id = root.id COLLATE "default"
    WHERE mark.priority = ${priority} AND mark.view = $5
      AND ${marksThatCount('mark', { indexNames: '$6', until: '$7' })}
  )`;
  const { rows } = await client.query<{ waits: boolean }>(
    `${rootsSql(route)}
     SELECT ${marked(priorityNumber.direct)} OR ${marked(priorityNumber.bulk)} OR EXISTS (
       SELECT FROM root JOIN dead_letter AS letter ON letter.root_id = root.id COLLATE "default"
       WHERE letter.kind = 'document' AND letter.index_name = ANY($6::text[]) AND letter.healed_at IS NULL
     ) AS waits`,
    [keys, '', null, null, route.view, indexNames, until],
  );
  return rows[0]?.waits ?? false;
}

/**
 * The start of a statement that knows the roots as `root (id)`: of the keys $1, after $2, at most $3 (null is all), up
 * to $4 (null is all), in id order.
 *
 * The steps between are materialized and made distinct, so that a key that many rows share is followed once. The last
 * step reads a single key by its index of (key, id), where each key's roots stand in id order after the cursor: a
 * chunk reads at most $3 entries a key, however many roots are left. Keys in lists have a GIN index, which knows no
 * order: there every chunk finds all of the key's rows again, so its chunks are larger.
 */
function rootsSql(route: FanOutRoute): string {
  const between = route.steps.slice(0, -1).map(
    (step, index) => `
  key_${index + 1} (key) AS MATERIALIZED (
    SELECT DISTINCT found.key
    FROM key_${index} AS from_key
    CROSS JOIN LATERAL (${givenSql(step)}) AS found
    WHERE found.key IS NOT NULL
  ),`,
  );
  const last = lastStep(route);
  return `
WITH
  key_0 (key) AS (SELECT DISTINCT unnest($1::text[])),${between.join('')}
  root (id) AS MATERIALIZED (
    SELECT DISTINCT found.key COLLATE "C" AS id
    FROM key_${between.length} AS from_key
    CROSS JOIN LATERAL (${isOrdered(last) ? orderedRootsSql(last) : givenSql(last)}) AS found
    WHERE ${rangeSql('found.key COLLATE "C"')}
    ORDER BY id
    LIMIT $3::bigint
  )`;
}

/** Unnamed statements are planned with their values, so a $4 that is null costs the index nothing. */
function rangeSql(id: string): string {
  return `${id} > $2 AND ($4::text IS NULL OR ${id} <= $4)`;
}

function lastStep(route: FanOutRoute): FanOutStep {
  const last = route.steps.at(-1);
  if (last === undefined)
    throw new RangeError('A route without steps is marked by its trigger, and never looked up.');
  return last;
}

/** Whether a chunk reads what it marks, or all roots of the key again. */
export function readsInOrder(route: FanOutRoute): boolean {
  return isOrdered(lastStep(route));
}

/** Whether the index gives the roots of a key in order. */
function isOrdered(step: FanOutStep): boolean {
  return !step.match.many && step.match.path !== 'id' && step.give.path === 'id';
}

function orderedRootsSql({ source, match }: FanOutStep): string {
  return `
      SELECT copy.id AS key FROM ${copyTable(source)} AS copy
      WHERE ${matchSql(match)} AND ${rangeSql('copy.id')}
      ORDER BY copy.id
      LIMIT $3::bigint`;
}

function givenSql({ source, match, give }: FanOutStep): string {
  const given = `copy.${keyColumn(give.path)}`;
  return `SELECT ${give.many ? `unnest(${given})` : given} AS key FROM ${copyTable(source)} AS copy WHERE ${matchSql(match)}`;
}

function matchSql(match: FanOutKey): string {
  const column = `copy.${keyColumn(match.path)}`;
  return match.many ? `${column} @> ARRAY[from_key.key]` : `${column} = from_key.key`;
}
