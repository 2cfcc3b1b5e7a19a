import type { Pool } from 'pg';
import type { Left } from '../flow/until-none.js';

/**
 * The changed keys of these views that were there at `until`, by the database's clock, and are not looked up whole. A key
 * with very many roots is one until it is done, so how far it came tells whether it moves.
 */
export async function keysLeft(pool: Pool, views: readonly string[], until: string): Promise<Left> {
  const { rows } = await pool.query<{ count: number; done: string }>(
    `SELECT count(*)::int AS count, coalesce(sum(done), 0)::text AS done
     FROM (
       SELECT 0 AS done FROM fan_out WHERE route ->> 'view' = ANY($1) AND created_at <= $2::timestamptz
       UNION ALL
       SELECT done FROM fan_out_job WHERE route ->> 'view' = ANY($1) AND created_at <= $2::timestamptz
     ) AS changed`,
    [views, until],
  );
  const { count = 0, done = '0' } = rows[0] ?? {};
  return { count, moves: `${count} ${done}` };
}
