import type { Pool } from 'pg';
import { byIndex, type IndexWrites } from './by-index.js';
import type { HashedWrite } from './hash.js';

/**
 * Notes that the index holds these documents at `revision`, unless somebody has decided about one since.
 *
 * In a transaction of its own, and not in the claim's: that stays open while other views of the claim are written, and
 * would make every other builder's decision wait. A row that is locked is being decided about, so it is skipped. A note
 * that is lost makes one build more.
 */
export async function confirmWrites(
  pool: Pool,
  revision: number,
  writes: readonly HashedWrite[],
): Promise<void> {
  const indexed = writes.filter(({ hash }) => hash !== null);
  for (const one of byIndex(indexed)) await confirmIn(pool, revision, one);
}

/**
 * A document's hash is looked for among those of all: it holds its own id, so that none of the others has it. Not prepared:
 * a plan that is kept from when the table was all but empty reads the whole of it, until somebody analyzes it.
 */
async function confirmIn(pool: Pool, revision: number, { index, writes }: IndexWrites): Promise<void> {
  await pool.query(
    `UPDATE document SET confirmed = true, confirmed_at = now()
     WHERE ctid = ANY(ARRAY(
       SELECT ctid
       FROM document
       WHERE index_name = $1 AND root_id = ANY($2::text[]) AND hash = ANY($3::bytea[])
         AND revision = $4 AND NOT confirmed
       FOR UPDATE SKIP LOCKED
     ))`,
    [index, writes.map(({ operation }) => operation.id), writes.map(({ hash }) => hash), revision],
  );
}
