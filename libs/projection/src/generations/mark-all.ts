import type { ClientBase } from 'pg';
import { priorityNumber } from '../marks/priority.js';
import { copyTable } from '../schema/names.js';

/**
 * Marks every root of a view, deleted ones included, since their documents may still be in an index. In the caller's
 * transaction. Returns how many marks were written.
 */
export async function markAllRoots(client: ClientBase, view: string, rootSource: string): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO mark (view, root_id, priority) SELECT $1, id, ${priorityNumber.bulk} FROM ${copyTable(rootSource)} ORDER BY id`,
    [view],
  );
  return rowCount ?? 0;
}

/** Marks every root of every view that has a generation. */
export async function markEverything(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ view: string; root: string }>(
    `SELECT DISTINCT view, plan->>'root' AS root FROM generation WHERE state <> 'retired'`,
  );
  let marked = 0;
  for (const { view, root } of rows) marked += await markAllRoots(client, view, root);
  return marked;
}
