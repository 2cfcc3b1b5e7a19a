import type { Pool } from 'pg';
import type { KeyRange } from '#search';
import { copyTable } from '../schema/names.js';

/** The roots of a view that are not deleted: how many, and the ids at some places of their order. */
export interface CountedRoots {
  readonly count: number;
  /** In the order of the places asked for, by byte; places beyond the last root are left out. */
  readonly ids: readonly string[];
}

/** Counts the roots of a source and picks the ids at the places (from 0) that `places` chooses by the count; none unless told. */
export async function countRoots(
  pool: Pool,
  source: string,
  places: (count: number) => readonly number[] = () => [],
): Promise<CountedRoots> {
  const table = copyTable(source);
  const counted = await pool.query<{ count: number }>(
    `SELECT count(*)::float8 AS count FROM ${table} WHERE NOT deleted`,
  );
  const count = counted.rows[0]?.count ?? 0;
  const wanted = places(count);
  if (wanted.length === 0) return { count, ids: [] };
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM ${table} WHERE NOT deleted) AS root
     WHERE place = ANY($1::bigint[]) ORDER BY place`,
    [wanted],
  );
  return { count, ids: rows.map((row) => row.id) };
}

/** Places that cut `count` roots into parts of about `size`, at most `most` of them. */
export function cutPlaces(count: number, size: number, most: number): readonly number[] {
  const parts = Math.max(1, Math.min(most, Math.ceil(count / size)));
  const places = Array.from({ length: parts - 1 }, (_, at) => Math.floor(((at + 1) * count) / parts));
  return [...new Set(places)].filter((place) => place < count);
}

/**
 * The ranges between cuts. The first is open below and the last above, and each begins where the one before ends, so that
 * a document lies in exactly one of them, whatever its id and however many roots came since the cuts were chosen.
 */
export function rangesBetween(cuts: readonly string[]): readonly KeyRange[] {
  return [...cuts, null].map((to, at) => ({ after: cuts[at - 1] ?? null, to }));
}
