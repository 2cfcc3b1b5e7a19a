import type { ClientBase, Pool, PoolClient } from 'pg';
import {
  deadLetterFingerprint,
  emptyLetter,
  insertDeadLetters,
  type DeadLetter,
} from '../dead-letters/dead-letters.js';
import type { BuiltWrite } from './build-roots.js';

/**
 * Keeps refused documents as dead letters, and closes those of documents that are indexed now or refused with other
 * content: at most one letter of a root and index is not healed. In the caller's transaction, so that a mark is never
 * gone before its dead letter is there.
 */
export async function keepRefused(
  client: PoolClient,
  view: string,
  writes: readonly BuiltWrite[],
): Promise<void> {
  if (!(await concernLetters(client, writes))) return;
  const settled = writes
    .filter(({ outcome }) => settling.has(outcome.kind))
    .map((write) => ({ ...write, letter: letterOf(view, write) }));
  await closeLetters(client, settled);
  await insertDeadLetters(
    client,
    settled.flatMap(({ letter }) => letter ?? []),
  );
}

/**
 * Whether any of these writes leaves a dead letter or may close one. In health no index has one that is open: a look at
 * that costs nothing, where looking for each document took as long as confirming them.
 */
export async function concernLetters(
  client: ClientBase | Pool,
  writes: readonly BuiltWrite[],
): Promise<boolean> {
  if (writes.some(({ outcome }) => outcome.kind === 'refused')) return true;
  const settled = writes.filter(({ outcome }) => settling.has(outcome.kind));
  if (settled.length === 0) return false;
  const { rowCount } = await client.query(
    `SELECT FROM dead_letter
     WHERE index_name = ANY($1::text[]) AND kind = 'document' AND healed_at IS NULL LIMIT 1`,
    [[...new Set(settled.map(({ generation }) => generation.indexName))]],
  );
  return rowCount !== 0;
}

/** What the index holds is the document of now, or it is refused. */
const settling: ReadonlySet<BuiltWrite['outcome']['kind']> = new Set(['done', 'unchanged', 'refused']);

function letterOf(view: string, { outcome, generation, rootId, body }: BuiltWrite): DeadLetter | null {
  if (outcome.kind !== 'refused') return null;
  return {
    ...emptyLetter,
    kind: 'document',
    reason: outcome.reason,
    view,
    rootId,
    indexName: generation.indexName,
    body: body === null ? null : Buffer.from(body),
  };
}

/**
 * Closes all letters of these documents but the one that is refused again as it was: it may be discarded, and healing
 * it would end that. Locked in one order, since two builders may hold the same roots.
 */
async function closeLetters(
  client: PoolClient,
  settled: readonly (BuiltWrite & { readonly letter: DeadLetter | null })[],
): Promise<void> {
  if (settled.length === 0) return;
  await client.query(
    `UPDATE dead_letter SET healed_at = now()
     WHERE id = ANY(ARRAY(
       SELECT letter.id
       FROM dead_letter AS letter
       JOIN unnest($1::text[], $2::text[], $3::text[]) AS settled (index_name, root_id, refused)
         USING (index_name, root_id)
       WHERE letter.kind = 'document' AND letter.healed_at IS NULL
         AND letter.fingerprint IS DISTINCT FROM settled.refused
       ORDER BY letter.id
       FOR UPDATE OF letter
     ))`,
    [
      settled.map(({ generation }) => generation.indexName),
      settled.map(({ rootId }) => rootId),
      settled.map(({ letter }) => (letter === null ? null : deadLetterFingerprint(letter))),
    ],
  );
}
