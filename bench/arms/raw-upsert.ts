import type { Pool } from 'pg';

export interface RawRow {
  readonly id: string;
  readonly version: number;
  readonly data: string;
}

const BATCH = 1_000;

/** A table without indexes but its key, without triggers, and with nothing that follows from a row. */
export async function createRawTable(pool: Pool): Promise<void> {
  await pool.query(
    `CREATE TABLE IF NOT EXISTS raw_copy (id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, data json NOT NULL);
     TRUNCATE raw_copy`,
  );
}

/** Writes rows in batches, the newest of each id, one transaction a batch: what the database takes of a single writer. */
export async function upsertRaw(pool: Pool, rows: readonly RawRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += BATCH) {
    const newest = new Map<string, RawRow>();
    for (const row of rows.slice(from, from + BATCH))
      if ((newest.get(row.id)?.version ?? 0) < row.version) newest.set(row.id, row);
    // In one order, as every writer of several rows has to.
    const batch = [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    await pool.query({
      name: 'raw upsert',
      text: `INSERT INTO raw_copy SELECT * FROM unnest($1::text[], $2::bigint[], $3::json[])
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, data = excluded.data
             WHERE raw_copy.version < excluded.version`,
      values: [batch.map(({ id }) => id), batch.map(({ version }) => version), batch.map(({ data }) => data)],
    });
  }
}
