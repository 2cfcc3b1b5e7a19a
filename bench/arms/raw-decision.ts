import type { Pool } from 'pg';

/** A table of what was decided about each document, with nothing beside its key. */
export async function createDecisions(pool: Pool): Promise<void> {
  await pool.query(
    'CREATE TABLE IF NOT EXISTS raw_decision (id text COLLATE "C" PRIMARY KEY, revision bigint NOT NULL)',
  );
}

/** Has decisions about these documents on disk when it resolves. */
export async function decideRaw(
  pool: Pool,
  documents: readonly { readonly id: string; readonly revision: number }[],
): Promise<void> {
  await pool.query({
    name: 'raw decision',
    text: `INSERT INTO raw_decision SELECT * FROM unnest($1::text[], $2::bigint[])
           ON CONFLICT (id) DO UPDATE SET revision = excluded.revision`,
    values: [documents.map(({ id }) => id), documents.map(({ revision }) => revision)],
  });
}
