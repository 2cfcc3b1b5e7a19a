import type { ClientBase } from 'pg';
import { keysFor, type Level, type LoadedRow, type LoadedRows, type Plan } from '#views';
import { allEnded } from '../../schema/all-ended.js';
import { copyTable, keyColumn } from '../../schema/names.js';
import { firstRowsSql } from './first-rows.js';
import { loadRollUps } from './roll-up.js';
import { loadSpan, readsBySpan, type RootSpan } from './span.js';

/** The copies that a plan reads. */
export function tablesOf(plan: Plan): readonly string[] {
  return [...new Set(plan.levels.map((level) => copyTable(level.source)))];
}

/**
 * Loads all rows that the documents of `rootIds` need: one query per level, whatever the number of documents, with each
 * key once. The caller's client holds the snapshot. `span` is given where the roots stand side by side.
 *
 * Of a level that any number of rows may belong to, PostgreSQL picks the first rows of each key or rolls them up, so
 * that what comes over the wire is bounded by the plan and not by the data.
 */
export async function loadRows(
  client: ClientBase,
  plan: Plan,
  rootIds: readonly string[],
  span: RootSpan | null = null,
): Promise<LoadedRows> {
  const loading = new Map<string, Promise<readonly LoadedRow[]>>();
  // Parents stand before their children in a plan. Each level is asked for as soon as its keys are there.
  for (const level of plan.levels)
    loading.set(
      level.id,
      span !== null && readsBySpan(level)
        ? loadSpan(client, level, plan.root, span)
        : loadByKeys(client, level, level.parent === null ? rootIds : loading.get(level.parent)),
    );
  const rows = await allEnded([...loading.values()]);
  return new Map([...loading.keys()].map((id, at) => [id, rows[at] ?? []]));
}

async function loadByKeys(
  client: ClientBase,
  level: Level,
  above: readonly string[] | Promise<readonly LoadedRow[]> | undefined,
): Promise<readonly LoadedRow[]> {
  const keys = above instanceof Promise ? keysFor(level, await above) : (above ?? []);
  return keys.length === 0 ? [] : loadLevel(client, level, keys);
}

/** The rows of one level that the keys of its parent's rows ask for. */
export async function loadLevel(
  client: ClientBase,
  level: Level,
  keys: readonly string[],
): Promise<readonly LoadedRow[]> {
  if (level.rollUp !== undefined) return loadRollUps(client, level, level.rollUp, keys);
  const query =
    level.derived !== undefined && level.limit !== null
      ? firstRowsSql(level, level.limit, keys)
      : { text: allRowsSql(level), values: [keys] };
  const { rows } = await client.query<LoadedRow>(query);
  return rows;
}

function allRowsSql(level: Level): string {
  return `SELECT id, data FROM ${copyTable(level.source)} WHERE ${matchOf(level)} AND NOT deleted`;
}

/** Which rows of a level belong to the keys: by id, by a reference, or by a list of references (GIN). */
function matchOf({ link }: Level): string {
  if (link === null) return 'id = ANY($1::text[])';
  const column = link.kind === 'backward' ? link.column : (link.by ?? 'id');
  if (column === 'id') return 'id = ANY($1::text[])';
  const name = keyColumn(column);
  return link.kind === 'backward' && link.many ? `${name} && $1::text[]` : `${name} = ANY($1::text[])`;
}
