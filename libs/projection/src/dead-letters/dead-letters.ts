import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { DeadLetterKind } from '../metrics.js';
import { copyTable } from '../schema/names.js';

/** Something that could not be applied or indexed, with why (design rule 10). What is not known is null. */
export interface DeadLetter {
  /** `envelope`: not what its publisher promised; `constraint`: refused by the database; `document`: refused by the index. */
  readonly kind: DeadLetterKind;
  readonly reason: string;
  readonly source: string | null;
  readonly aggregateId: string | null;
  readonly epoch: number | null;
  readonly version: number | null;
  readonly view: string | null;
  readonly rootId: string | null;
  readonly indexName: string | null;
  /** The message as it came, or the document as it was refused. */
  readonly body: Buffer | null;
  readonly messageId: string | null;
}

export interface StoredDeadLetter extends Omit<DeadLetter, 'messageId'> {
  readonly id: number;
  readonly createdAt: Date;
  readonly healedAt: Date | null;
}

export const emptyLetter: Omit<DeadLetter, 'kind' | 'reason'> = {
  source: null,
  aggregateId: null,
  epoch: null,
  version: null,
  view: null,
  rootId: null,
  indexName: null,
  body: null,
  messageId: null,
};

/**
 * Writes dead letters in the caller's transaction. One that is there already (a message that was delivered again, a
 * document that is refused again) is opened again and not written twice. In one order, since two consumers may hold the
 * same letters; and after the copies, so that both never wait for each other.
 *
 * @returns how many of them were not there before
 */
export async function insertDeadLetters(client: PoolClient, letters: readonly DeadLetter[]): Promise<number> {
  if (letters.length === 0) return 0;
  const rows = [...new Map(letters.map((letter) => [deadLetterFingerprint(letter), letter]))].sort(
    ([a], [b]) => (a < b ? -1 : 1),
  );
  const column = <T>(pick: (letter: DeadLetter) => T): readonly T[] => rows.map(([, letter]) => pick(letter));
  const { rows: written } = await client.query<{ fresh: boolean }>(
    `INSERT INTO dead_letter
       (fingerprint, kind, reason, source, aggregate_id, epoch, version, view, root_id, index_name, body)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
       $8::text[], $9::text[], $10::text[], $11::bytea[])
     ON CONFLICT (fingerprint) DO UPDATE SET healed_at = NULL, reason = excluded.reason
     RETURNING xmax = 0 AS fresh`,
    [
      rows.map(([fingerprint]) => fingerprint),
      column((letter) => letter.kind),
      column((letter) => storable(letter.reason, 2_000)),
      column((letter) => storable(letter.source, 128)),
      column((letter) => storable(letter.aggregateId, 256)),
      column((letter) => letter.epoch),
      column((letter) => letter.version),
      column((letter) => letter.view),
      column((letter) => letter.rootId),
      column((letter) => letter.indexName),
      column((letter) => letter.body),
    ],
  );
  return written.filter((row) => row.fresh).length;
}

function deadLetterFingerprint(letter: DeadLetter): string {
  const { kind, messageId, indexName, rootId, body } = letter;
  return createHash('sha256')
    .update(JSON.stringify([kind, messageId, indexName, rootId]))
    .update(body ?? '')
    .digest('hex');
}

/** What a broken message says of itself may be any text; a letter has to be writable whatever it says. */
function storable(text: string | null, maxLength: number): string | null {
  return text === null ? null : text.slice(0, maxLength).toWellFormed().replaceAll('\0', '\uFFFD');
}

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

/** The open letters, oldest first, after the letter with id `after`. */
export async function listDeadLetters(
  pool: Pool,
  { after = 0, limit = 100 }: { readonly after?: number; readonly limit?: number } = {},
): Promise<readonly StoredDeadLetter[]> {
  const { rows } = await pool.query<StoredDeadLetter>(
    `SELECT id::int, kind, reason, source, aggregate_id AS "aggregateId", epoch::float8, version::float8, view,
            root_id AS "rootId", index_name AS "indexName", body, created_at AS "createdAt", healed_at AS "healedAt"
     FROM dead_letter
     WHERE healed_at IS NULL AND id > $1
     ORDER BY dead_letter.id
     LIMIT $2`,
    [after, limit],
  );
  return rows;
}

/** How many letters are open, by kind; a kind without any is 0. */
export async function countDeadLetters(pool: Pool): Promise<Readonly<Record<DeadLetterKind, number>>> {
  const { rows } = await pool.query<{ kind: DeadLetterKind; count: number }>(
    `SELECT kind, count(*)::int AS count FROM dead_letter WHERE healed_at IS NULL GROUP BY kind`,
  );
  return {
    envelope: 0,
    constraint: 0,
    document: 0,
    ...Object.fromEntries(rows.map((row) => [row.kind, row.count])),
  };
}
