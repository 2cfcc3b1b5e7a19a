import type { PoolClient } from 'pg';
import { emptyLetter, insertDeadLetters } from '../dead-letters/dead-letters.js';
import type { BuiltWrite } from './build-roots.js';

/**
 * Keeps refused documents as dead letters, and closes those of documents that are indexed now or refused with other
 * content: at most one letter of a root and index is open. In the caller's transaction, so that a mark is never gone
 * before its dead letter is there.
 */
export async function keepRefused(
  client: PoolClient,
  view: string,
  writes: readonly BuiltWrite[],
): Promise<void> {
  await closeLetters(
    client,
    writes.filter(({ outcome }) => outcome.kind === 'done' || outcome.kind === 'refused'),
  );
  const letters = writes.flatMap(({ outcome, generation, rootId, body }) => {
    if (outcome.kind !== 'refused') return [];
    const document = {
      view,
      rootId,
      indexName: generation.indexName,
      body: body === null ? null : Buffer.from(body),
    };
    return [{ ...emptyLetter, kind: 'document' as const, reason: outcome.reason, ...document }];
  });
  await insertDeadLetters(client, letters);
}

/** Locked in one order, since two builders may hold the same roots. */
async function closeLetters(client: PoolClient, writes: readonly BuiltWrite[]): Promise<void> {
  if (writes.length === 0) return;
  await client.query(
    `UPDATE dead_letter SET healed_at = now()
     WHERE id = ANY(ARRAY(
       SELECT letter.id
       FROM dead_letter AS letter
       JOIN unnest($1::text[], $2::text[]) AS written (index_name, root_id) USING (index_name, root_id)
       WHERE letter.kind = 'document' AND letter.healed_at IS NULL
       ORDER BY letter.id
       FOR UPDATE OF letter
     ))`,
    [writes.map(({ generation }) => generation.indexName), writes.map(({ rootId }) => rootId)],
  );
}
