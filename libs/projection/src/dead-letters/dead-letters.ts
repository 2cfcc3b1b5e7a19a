import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { DeadLetterKind } from '../metrics.js';

/** Something that could not be applied or indexed, with why (design rule 10). What is not known is null. */
export interface DeadLetter {
  /** `envelope`: not what its publisher promised; `constraint`: refused by the database; `document`: refused by the index. */
  readonly kind: DeadLetterKind;
  readonly reason: string;
  /** Storable text, as the aggregate's id is: what heals the letter is looked up by both. */
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
 * document that is refused again) is not written twice: it takes the new reason, and is open again if it was healed.
 *
 * One that was discarded stays so: somebody looked at these very bytes and decided, and a publisher that repeats them
 * must not undo that. Healing ends a discard, so that a document which was good in between and is refused once more
 * shows; a document of other content is another letter.
 *
 * In one order, since two consumers may hold the same letters; and after the copies, so that both never wait for each
 * other.
 */
export async function insertDeadLetters(client: PoolClient, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  const rows = [...new Map(letters.map((letter) => [deadLetterFingerprint(letter), letter]))].sort(
    ([a], [b]) => (a < b ? -1 : 1),
  );
  const column = <T>(pick: (letter: DeadLetter) => T): readonly T[] => rows.map(([, letter]) => pick(letter));
  await client.query(
    `INSERT INTO dead_letter AS letter
       (fingerprint, kind, reason, source, aggregate_id, epoch, version, view, root_id, index_name, body, message_id)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
       $8::text[], $9::text[], $10::text[], $11::bytea[], $12::text[])
     ON CONFLICT (fingerprint) DO UPDATE SET
       kind = excluded.kind, reason = excluded.reason, source = excluded.source, aggregate_id = excluded.aggregate_id,
       epoch = excluded.epoch, version = excluded.version, message_id = excluded.message_id,
       discarded_at = CASE WHEN letter.healed_at IS NULL THEN letter.discarded_at END, healed_at = NULL`,
    [
      rows.map(([fingerprint]) => fingerprint),
      column((letter) => letter.kind),
      column((letter) => storable(letter.reason, 2_000)),
      column((letter) => letter.source),
      column((letter) => letter.aggregateId),
      column((letter) => letter.epoch),
      column((letter) => letter.version),
      column((letter) => letter.view),
      column((letter) => letter.rootId),
      column((letter) => letter.indexName),
      column((letter) => letter.body),
      column((letter) => storable(letter.messageId, 256)),
    ],
  );
}

/**
 * What makes two letters the same one. Not the kind: a message that was no event of a known source may be one by now
 * that the database refuses, and is still the same message.
 */
export function deadLetterFingerprint({
  messageId,
  indexName,
  rootId,
  body,
}: Pick<DeadLetter, 'messageId' | 'indexName' | 'rootId' | 'body'>): string {
  return createHash('sha256')
    .update(JSON.stringify([messageId, indexName, rootId]))
    .update(body ?? '')
    .digest('hex');
}

/** What a broken message says of itself may be any text; a letter has to be writable whatever it says. */
export function storable(text: string | null, maxLength: number): string | null {
  return text === null ? null : text.slice(0, maxLength).toWellFormed().replaceAll('\0', '\uFFFD');
}

/** How many letters are open, neither healed nor discarded, by kind; a kind without any is 0. */
export async function countDeadLetters(pool: Pool): Promise<Readonly<Record<DeadLetterKind, number>>> {
  const { rows } = await pool.query<{ kind: DeadLetterKind; count: number }>(
    `SELECT kind, count(*)::int AS count FROM dead_letter
     WHERE healed_at IS NULL AND discarded_at IS NULL
     GROUP BY kind`,
  );
  return {
    envelope: 0,
    constraint: 0,
    document: 0,
    ...Object.fromEntries(rows.map((row) => [row.kind, row.count])),
  };
}
