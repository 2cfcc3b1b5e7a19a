import type { ClientBase, Pool } from 'pg';
import { priorityNumber } from './priority.js';

export interface AskedMarks {
  readonly view: string;
  readonly rootIds: readonly string[];
  /** The generations that matter; a mark for one of the others alone does not count. */
  readonly indexNames: readonly string[];
  /** Marks made later do not count, by the database's clock. */
  readonly until: string;
}

/**
 * How many marks each of these roots has; a root without any is not in it. A mark is gone only when the write of its
 * document is answered.
 *
 * By priority: bulk marks are found by their index of roots, and those of ordinary changes, which have none, are few.
 */
export async function marksOfRoots(
  client: ClientBase | Pool,
  { view, rootIds, indexNames, until }: AskedMarks,
): Promise<ReadonlyMap<string, number>> {
  const of = (priority: number): string =>
    `SELECT root_id, index_name, created_at FROM mark
     WHERE priority = ${priority} AND view = $1 AND root_id = ANY($2::text[])`;
  const { rows } = await client.query<{ root: string; count: number }>(
    `SELECT root_id AS root, count(*)::int AS count
     FROM (${of(priorityNumber.direct)} UNION ALL ${of(priorityNumber.bulk)}) AS mark
     WHERE ${marksThatCount('mark', { indexNames: '$3', until: '$4' })}
     GROUP BY root_id`,
    [view, rootIds, indexNames, until],
  );
  return new Map(rows.map(({ root, count }) => [root, count]));
}

/** The condition on a mark that it is for one of the generations that matter, and was made in time. */
export function marksThatCount(
  mark: string,
  parameters: { readonly indexNames: string; readonly until: string },
): string {
  const { indexNames, until } = parameters;
  return `(${mark}.index_name IS NULL OR ${mark}.index_name = ANY(${indexNames}::text[]))
       AND ${mark}.created_at <= ${until}::timestamptz`;
}
