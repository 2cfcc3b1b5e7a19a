import type { Pool } from 'pg';
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
  if (indexed.length === 0) return;
  await pool.query(
    `UPDATE document SET confirmed = true, confirmed_at = now()
     WHERE ctid = ANY(ARRAY(
       SELECT known.ctid
       FROM document AS known
       JOIN unnest($1::text[], $2::text[], $3::bytea[]) AS written (index_name, root_id, hash)
         ON written.index_name = known.index_name AND written.root_id = known.root_id
       WHERE known.revision = $4 AND known.hash = written.hash AND NOT known.confirmed
       FOR UPDATE OF known SKIP LOCKED
     ))`,
    [
      indexed.map(({ operation }) => operation.index),
      indexed.map(({ operation }) => operation.id),
      indexed.map(({ hash }) => hash),
      revision,
    ],
  );
}
