import type { ClientBase, Pool } from 'pg';
import type { WriteOperation } from '#search';
import { startOfEpoch } from '../revision/revision.js';
import { byIndex, type IndexWrites } from './by-index.js';
import type { HashedWrite } from './hash.js';

/** `superseded`: a builder with a later snapshot has decided about the document. */
export type Decision =
  | { readonly kind: 'send' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'superseded'; readonly current: number };

/**
 * Decides what has to be sent, in the caller's transaction, which must be durable before anything is: an index that holds
 * the same document is not written again.
 *
 * To compare with what the index was last known to hold is not enough. With Y in the index, one builder may have X of an
 * older snapshot under way while the next one, which sees Y again, finds it equal and leaves it: then X arrives, newer
 * than the Y in the index, and stays. So everybody leaves a row before sending, and whoever commits first is seen by the
 * other: X made the row unconfirmed, and the second builder sends Y as well; or the second was first, and X is not sent
 * any more. A row is left for documents that have none too: Y may be confirmed between another's decision and arrival.
 *
 * Deletes are always sent. So is everything that was confirmed under another epoch, since the index may then know
 * revisions that this database has forgotten.
 *
 * One statement an index, all sent at once, and one order for the locks that they take: two builders of the same roots wait
 * for each other at most. Answers, in the order given, whether the index holds the document already; undefined where a
 * builder with a later snapshot was first.
 */
export async function decideWrites(
  client: ClientBase,
  revision: number,
  writes: readonly HashedWrite[],
): Promise<readonly (boolean | undefined)[]> {
  const decided = await Promise.all(byIndex(writes).map((one) => decideIn(client, revision, one)));
  const equal = new Map(decided.flat().map((one) => [keyOf(one), one.equal]));
  return writes.map(({ operation }) => equal.get(keyOf(operation)));
}

/** The decisions, with those named that were first; not in their transaction, since what is newer by now is so as well. */
export async function explainRefused(
  pool: Pool,
  writes: readonly HashedWrite[],
  equal: readonly (boolean | undefined)[],
): Promise<readonly Decision[]> {
  const late = writes.filter((_, at) => equal[at] === undefined).map(({ operation }) => operation);
  const newest = await newestRevisions(pool, late);
  return writes.map(({ operation }, at) => {
    const current = newest.of(operation);
    if (equal[at] === undefined && current !== null) return { kind: 'superseded', current };
    return { kind: equal[at] === true ? 'unchanged' : 'send' };
  });
}

/** The documents of one index that this decision is the newest about, and whether the index holds them already. */
async function decideIn(
  client: ClientBase,
  revision: number,
  { index, writes }: IndexWrites,
): Promise<readonly (DocumentKey & { readonly equal: boolean })[]> {
  const { rows } = await client.query<DocumentKey & { readonly equal: boolean }>({
    name: 'decide_writes',
    text: `
      INSERT INTO document AS known (index_name, root_id, revision, hash, confirmed)
      SELECT $1, root_id, $4, hash, false
      FROM unnest($2::text[], $3::bytea[]) AS mine (root_id, hash)
      ORDER BY root_id COLLATE "C"
      ON CONFLICT (index_name, root_id) DO UPDATE SET
        revision = excluded.revision,
        hash = excluded.hash,
        confirmed = coalesce(known.confirmed AND known.hash = excluded.hash AND known.revision >= $5, false)
      WHERE known.revision <= excluded.revision
      RETURNING index_name AS index, root_id AS id, confirmed AS equal`,
    values: [
      index,
      writes.map(({ operation }) => operation.id),
      writes.map(({ hash }) => hash),
      revision,
      startOfEpoch(revision),
    ],
  });
  return rows;
}

/** The revisions of the newest decisions about these documents; `of` answers null where there is none. */
export async function newestRevisions(
  client: ClientBase | Pool,
  documents: readonly DocumentKey[],
): Promise<{ readonly of: (document: DocumentKey) => number | null }> {
  if (documents.length === 0) return { of: () => null };
  const { rows } = await client.query<{ index: string; id: string; revision: number }>(
    `SELECT index_name AS index, root_id AS id, revision::float8 AS revision
     FROM document
     JOIN unnest($1::text[], $2::text[]) AS asked (index_name, root_id) USING (index_name, root_id)`,
    [documents.map(({ index }) => index), documents.map(({ id }) => id)],
  );
  const revisions = new Map(rows.map((row) => [keyOf(row), row.revision]));
  return { of: (document) => revisions.get(keyOf(document)) ?? null };
}

type DocumentKey = Pick<WriteOperation, 'index' | 'id'>;

/** Names of indices have no space. */
function keyOf({ index, id }: DocumentKey): string {
  return `${index} ${id}`;
}
