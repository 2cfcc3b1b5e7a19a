import type { Pool } from 'pg';
import { priorityNumber } from '../marks/priority.js';
import { inTransaction } from '../schema/transaction.js';

/** Dead letters that hold, or could hold, what an aggregate said. */
export interface Letters {
  /** Messages of it, and messages that can not be told whose they are and name it. */
  readonly messages: number;
  /** Documents of views that read it. They may be of another root, so their roots are built again. */
  readonly documents: number;
  /** Messages of other aggregates that name it, which is no data of it; they stay. */
  readonly others: number;
}

/**
 * A message of another source may refer to the aggregate, and must not be lost for that. One of no known source, or of
 * which no aggregate is known, may be anything: it goes when it holds the id as a JSON string, or, when the id is long
 * enough to be no accident, in any other way.
 */
const CONDITIONS = {
  messages: `kind <> 'document' AND (
    (source = $1 AND aggregate_id = $2)
    OR ((source IS NULL OR aggregate_id IS NULL OR source = $1 OR source <> ALL($3::text[])) AND names_it)
  )`,
  documents: `kind = 'document' AND view = ANY($4::text[])`,
  others: `kind <> 'document' AND source <> $1 AND source = ANY($3::text[]) AND aggregate_id IS NOT NULL AND names_it`,
} as const;

const LETTER = `
  SELECT id, kind, source, aggregate_id, view, root_id, healed_at, body,
    coalesce(
      position(convert_to(to_json($2::text)::text, 'UTF8') IN body) > 0
      OR (length($2::text) >= 12 AND position(convert_to($2::text, 'UTF8') IN body) > 0),
      false
    ) AS names_it
  FROM dead_letter`;

export interface LettersOf {
  readonly source: string;
  readonly id: string;
  /** All sources that are known here. */
  readonly sources: readonly string[];
  /** The views that read the source, by any of their plans. */
  readonly views: readonly string[];
}

/** How many such letters there are. */
export async function countLetters(pool: Pool, of: LettersOf): Promise<Letters> {
  const { rows } = await pool.query<Letters>(
    `SELECT count(*) FILTER (WHERE ${CONDITIONS.messages})::int AS messages,
            count(*) FILTER (WHERE ${CONDITIONS.documents})::int AS documents,
            count(*) FILTER (WHERE ${CONDITIONS.others})::int AS others
     FROM (${LETTER}) AS letter`,
    valuesOf(of),
  );
  return rows[0] ?? { messages: 0, documents: 0, others: 0 };
}

/**
 * Deletes them. The roots of documents that are not healed are marked in the same statement: what is still refused comes
 * back as a letter without the data. Healed ones are history, of which nothing is left to do.
 */
export async function deleteLetters(
  pool: Pool,
  of: LettersOf,
): Promise<Pick<Letters, 'messages' | 'documents'>> {
  const statement = `WITH
       held AS MATERIALIZED (
         SELECT id, kind FROM (${LETTER}) AS letter
         WHERE (${CONDITIONS.messages}) OR (${CONDITIONS.documents})
       ),
       gone AS (
         DELETE FROM dead_letter WHERE id IN (SELECT id FROM held) RETURNING kind, view, root_id, healed_at
       ),
       marked AS (
         INSERT INTO mark (view, root_id, priority)
         SELECT DISTINCT view, root_id, ${priorityNumber.bulk} FROM gone WHERE kind = 'document' AND healed_at IS NULL
       )
     SELECT count(*) FILTER (WHERE kind <> 'document')::int AS messages,
            count(*) FILTER (WHERE kind = 'document')::int AS documents
     FROM gone`;
  // Builders close letters in an order of their own: a deadlock repeats it.
  const { rows } = await inTransaction(pool, (client) =>
    client.query<Pick<Letters, 'messages' | 'documents'>>(statement, valuesOf(of)),
  );
  return rows[0] ?? { messages: 0, documents: 0 };
}

function valuesOf({ source, id, sources, views }: LettersOf): unknown[] {
  return [source, id, sources, views];
}
