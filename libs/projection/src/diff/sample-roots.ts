import type { Pool } from 'pg';
import { copyTable } from '../schema/names.js';

/** Which documents are compared: some that are spread over all ids, all, or these. */
export type Choice =
  | { readonly kind: 'sample'; readonly count: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'ids'; readonly ids: readonly string[] };

export async function countRootsOf(pool: Pool, source: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::float8 AS count FROM ${copyTable(source)} WHERE NOT deleted`,
  );
  return rows[0]?.count ?? 0;
}

/** The chosen roots, page by page. A sample is the same each time as long as the ids are. */
export async function* pagesOfRoots(
  pool: Pool,
  source: string,
  choice: Choice,
  size: number,
): AsyncGenerator<readonly string[]> {
  if (choice.kind === 'all') {
    yield* allPages(pool, source, size);
    return;
  }
  const ids = choice.kind === 'ids' ? choice.ids : await spread(pool, source, choice.count);
  for (let at = 0; at < ids.length; at += size) yield ids.slice(at, at + size);
}

/** Of n roots every (n / count)th, in the order of their ids: old and new, from all writers. */
async function spread(pool: Pool, source: string, count: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM (
       SELECT id, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS total
       FROM ${copyTable(source)} WHERE NOT deleted
     ) AS root
     WHERE place * $1::bigint / total > (place - 1) * $1::bigint / total
     ORDER BY id`,
    [count],
  );
  return rows.map(({ id }) => id);
}

async function* allPages(pool: Pool, source: string, size: number): AsyncGenerator<readonly string[]> {
  for (let after = ''; ;) {
    const { rows } = await pool.query<{ id: string }>(
      `SELECT id FROM ${copyTable(source)} WHERE id > $1 AND NOT deleted ORDER BY id LIMIT $2`,
      [after, size],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ id }) => id);
    after = last.id;
  }
}
