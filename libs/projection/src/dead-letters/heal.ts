import type { Pool } from 'pg';
import { copyTable } from '../schema/names.js';

/**
 * Closes the letters of these aggregates whose copy is as new as the letter, or newer.
 *
 * It runs after the commit and not with it: a letter and the newer version may be written at the same time by two
 * consumers, of which neither sees the other's. Whoever commits last sees both when it looks afterwards, and since the
 * messages are acknowledged only then, a crash in between repeats it.
 *
 * @returns how many letters it closed
 */
export async function healDeadLetters(
  pool: Pool,
  touched: readonly { readonly source: string; readonly id: string }[],
): Promise<number> {
  if (!(await anyOpen(pool, touched))) return 0;
  const { rows } = await pool.query<{ source: string; ids: string[] }>(
    `SELECT letter.source, array_agg(letter.id::text) AS ids
     FROM dead_letter AS letter
     JOIN unnest($1::text[], $2::text[]) AS touched (source, id)
       ON touched.source = letter.source AND touched.id = letter.aggregate_id
     WHERE letter.healed_at IS NULL AND letter.version IS NOT NULL
     GROUP BY letter.source`,
    [touched.map((one) => one.source), touched.map((one) => one.id)],
  );
  let healed = 0;
  for (const { source, ids } of rows) healed += await healSource(pool, source, ids);
  return healed;
}

/** In health there is none, and that is quicker seen than that none is of any of a thousand aggregates. */
async function anyOpen(pool: Pool, touched: readonly { readonly source: string }[]): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT FROM dead_letter
     WHERE source = ANY($1::text[]) AND healed_at IS NULL AND version IS NOT NULL LIMIT 1`,
    [[...new Set(touched.map(({ source }) => source))]],
  );
  return rowCount !== 0;
}

/** Letters that another process is closing by the same rule are skipped rather than waited for. */
async function healSource(pool: Pool, source: string, ids: readonly string[]): Promise<number> {
  const { rowCount } = await pool.query(
    `UPDATE dead_letter SET healed_at = now()
     WHERE id = ANY(ARRAY(
       SELECT letter.id
       FROM dead_letter AS letter
       JOIN ${copyTable(source)} AS copy ON copy.id = letter.aggregate_id
       WHERE letter.id = ANY($1::bigint[]) AND letter.healed_at IS NULL
         AND (copy.epoch, copy.version) >= (letter.epoch, letter.version)
       ORDER BY letter.id
       FOR UPDATE OF letter SKIP LOCKED
     ))`,
    [ids],
  );
  return rowCount ?? 0;
}
