import type { ClientBase } from 'pg';
import { keysFor, type Level, type LoadedRow, type LoadedRows, type Plan } from '#views';
import { copyTable, keyColumn } from '../schema/names.js';

/** The copies that a plan reads. */
export function tablesOf(plan: Plan): readonly string[] {
  return [...new Set(plan.levels.map((level) => copyTable(level.source)))];
}

/**
 * Loads all rows that the documents of `rootIds` need: one query per level, whatever the number of documents, with each
 * key once. The caller's client holds the snapshot.
 */
export async function loadRows(
  client: ClientBase,
  plan: Plan,
  rootIds: readonly string[],
): Promise<LoadedRows> {
  const rows = new Map<string, readonly LoadedRow[]>();
  // Parents stand before their children in a plan.
  for (const level of plan.levels) {
    const keys = level.parent === null ? rootIds : keysFor(level, rows.get(level.parent) ?? []);
    rows.set(level.id, keys.length === 0 ? [] : await loadLevel(client, level, keys));
  }
  return rows;
}

async function loadLevel(
  client: ClientBase,
  level: Level,
  keys: readonly string[],
): Promise<readonly LoadedRow[]> {
  const { rows } = await client.query<LoadedRow>({
    text: `SELECT id, data FROM ${copyTable(level.source)} WHERE ${matchOf(level)} AND NOT deleted`,
    values: [keys],
  });
  return rows;
}

/** Which rows of a level belong to the keys: by id, by a reference, or by a list of references (GIN). */
function matchOf({ link }: Level): string {
  if (link === null) return 'id = ANY($1::text[])';
  const column = link.kind === 'backward' ? link.column : (link.by ?? 'id');
  if (column === 'id') return 'id = ANY($1::text[])';
  const name = keyColumn(column);
  return link.kind === 'backward' && link.many ? `${name} && $1::text[]` : `${name} = ANY($1::text[])`;
}
