import type { PoolClient } from 'pg';
import { copyTable, keyColumn } from '../schema/names.js';
import type { FanOutKey, FanOutRoute, FanOutStep } from './fan-out-route.js';

/** Keys of one route that were looked up as far as the same root, and are looked up together from there. */
export interface LookUp {
  readonly route: FanOutRoute;
  readonly keys: readonly string[];
  readonly cursor: string | null;
  readonly occurredAt: Date | null;
}

export interface LookedUp {
  readonly marks: number;
  /** The last root that was marked, or null when there are no more. */
  readonly cursor: string | null;
}

/**
 * Marks the next roots of these keys, at most `chunk`, in id order after the cursor. One statement: its snapshot is the
 * look-up's, so it has to begin after the statement that claimed the rows (READ COMMITTED).
 */
export async function markRoots(client: PoolClient, lookUp: LookUp, chunk: number): Promise<LookedUp> {
  const { rows } = await client.query<{ marks: number; last: string | null }>(lookUpSql(lookUp.route), [
    lookUp.keys,
    // Ids are never empty, so all come after the empty text; `OR $2 IS NULL` would cost the index its range.
    lookUp.cursor ?? '',
    chunk,
    lookUp.route.view,
    lookUp.occurredAt,
  ]);
  const { marks, last } = rows[0] ?? { marks: 0, last: null };
  return { marks, cursor: marks < chunk ? null : last };
}

/**
 * From the keys, step by step, to the roots.
 *
 * The steps between are materialized and made distinct, so that a key that many rows share is followed once. The last
 * step reads a single key by its index of (key, id), where each key's roots stand in id order after the cursor: a
 * chunk reads at most `chunk` entries a key, however many roots are left. Keys in lists have a GIN index, which knows no
 * order: there every chunk finds all of the key's rows again, and `chunk` bounds only what is written.
 */
export function lookUpSql(route: FanOutRoute): string {
  const between = route.steps.slice(0, -1).map(
    (step, index) => `
  key_${index + 1} (key) AS MATERIALIZED (
    SELECT DISTINCT found.key
    FROM key_${index} AS from_key
    CROSS JOIN LATERAL (${givenSql(step)}) AS found
    WHERE found.key IS NOT NULL
  ),`,
  );
  const last = route.steps.at(-1);
  if (last === undefined)
    throw new RangeError('A route without steps is marked by its trigger, and never looked up.');
  return `
WITH
  key_0 (key) AS (SELECT DISTINCT unnest($1::text[])),${between.join('')}
  root (id) AS (
    SELECT DISTINCT found.key COLLATE "C" AS id
    FROM key_${between.length} AS from_key
    CROSS JOIN LATERAL (${isOrdered(last) ? orderedRootsSql(last) : givenSql(last)}) AS found
    WHERE found.key COLLATE "C" > $2
    ORDER BY id
    LIMIT $3::bigint
  ),
  marked AS (
    INSERT INTO mark (view, root_id, occurred_at) SELECT $4, root.id, $5::timestamptz FROM root RETURNING root_id
  )
SELECT count(*)::int AS marks, max(root_id COLLATE "C") AS last FROM marked`;
}

/** Whether the index gives the roots of a key in order. */
function isOrdered(step: FanOutStep): boolean {
  return !step.match.many && step.match.path !== 'id' && step.give.path === 'id';
}

function orderedRootsSql({ source, match }: FanOutStep): string {
  return `
      SELECT copy.id AS key FROM ${copyTable(source)} AS copy
      WHERE ${matchSql(match)} AND copy.id > $2
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
