import type { ClientBase } from 'pg';

/**
 * Forgets that the index holds these documents, so that equal ones are sent as well; the caller marks them in the same
 * transaction. The rows stay with their revisions: without them, a write that is under way would be unknown, and an older
 * builder could confirm what that write then replaces.
 */
export async function forgetDocuments(
  client: ClientBase,
  indexName: string,
  rootIds: readonly string[],
): Promise<void> {
  await client.query(
    `UPDATE document SET confirmed = false
     WHERE (index_name, root_id) IN (
       SELECT index_name, root_id FROM document
       WHERE index_name = $1 AND root_id = ANY($2::text[]) AND confirmed
       ORDER BY index_name COLLATE "C", root_id COLLATE "C"
       FOR UPDATE
     )`,
    [indexName, rootIds],
  );
}

/** As `forgetDocuments`, for every document of an index. */
export async function forgetAllDocuments(client: ClientBase, indexName: string): Promise<void> {
  await client.query('UPDATE document SET confirmed = false WHERE index_name = $1 AND confirmed', [
    indexName,
  ]);
}
