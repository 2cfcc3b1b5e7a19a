import type { Pool } from 'pg';
import { sleep } from '#kernel';
import { priorityNumber } from '../marks/priority.js';
import { inTransaction } from '../schema/transaction.js';
import type { PageOutcome } from './retry-counts.js';

/**
 * Marks the roots of these letters. Those whose generation is retired are closed: a builder that was late has written
 * them, and there is no index any more that lacks the document.
 */
export async function queueDocuments(
  pool: Pool,
  ids: readonly number[],
): Promise<Pick<PageOutcome, 'healed' | 'queued' | 'fromSeq'>> {
  if (ids.length === 0) return { healed: 0, queued: [], fromSeq: null };
  return inTransaction(pool, async (client) => {
    const gone = await client.query(
      `UPDATE dead_letter AS letter SET healed_at = now()
       WHERE id = ANY($1::bigint[]) AND healed_at IS NULL AND NOT EXISTS (
         SELECT FROM generation
         WHERE generation.index_name = letter.index_name AND generation.state <> 'retired'
       )`,
      [ids],
    );
    const { rows } = await client.query<{ queued: number[]; fromSeq: string | null }>(
      `WITH open AS (
         SELECT id, view, root_id FROM dead_letter WHERE id = ANY($1::bigint[]) AND healed_at IS NULL
       ), marked AS (
         INSERT INTO mark (view, root_id, priority) SELECT DISTINCT view, root_id, ${priorityNumber.bulk} FROM open RETURNING seq
       )
       SELECT coalesce((SELECT array_agg(id::float8) FROM open), '{}') AS queued,
              (SELECT min(seq) FROM marked)::text AS "fromSeq"`,
      [ids],
    );
    return { healed: gone.rowCount ?? 0, queued: rows[0]?.queued ?? [], fromSeq: rows[0]?.fromSeq ?? null };
  });
}

const POLL_MS = 200;

/**
 * Waits until no mark from `fromSeq` on is left for the roots of these letters. A mark that is claimed stays visible
 * until what it led to has committed, and one that is put back has a greater `seq`.
 */
export async function untilBuilt(
  pool: Pool,
  ids: readonly number[],
  fromSeq: string,
  signal?: AbortSignal,
): Promise<'built' | 'aborted'> {
  while (signal?.aborted !== true) {
    const { rows } = await pool.query<{ left: boolean }>(
      `SELECT EXISTS (
         SELECT FROM mark
         WHERE seq >= $2 AND (view, root_id) IN (SELECT view, root_id FROM dead_letter WHERE id = ANY($1::bigint[]))
       ) AS left`,
      [ids, fromSeq],
    );
    if (rows[0]?.left === false) return 'built';
    await sleep(POLL_MS, signal);
  }
  return 'aborted';
}

/** What builders made of the documents. One that was refused with other content than before has another letter now. */
export async function answersOf(
  pool: Pool,
  ids: readonly number[],
): Promise<Pick<PageOutcome, 'healed' | 'refusals'>> {
  const { rows } = await pool.query<{ reason: string }>(
    `SELECT now.reason
     FROM dead_letter AS letter
     JOIN dead_letter AS now USING (index_name, root_id)
     WHERE letter.id = ANY($1::bigint[]) AND now.kind = 'document' AND now.healed_at IS NULL`,
    [ids],
  );
  return { healed: ids.length - rows.length, refusals: rows.map(({ reason }) => reason) };
}
