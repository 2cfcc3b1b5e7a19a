import type { ClientBase } from 'pg';
import {
  keysFor,
  rollUpLevel,
  type Level,
  type LoadedRow,
  type LoadedRows,
  type Plan,
  type SourceDescription,
} from '#views';
import { loadLevel } from '../build/load/load.js';
import { keyColumns } from '../copies/key-columns.js';
import { storedValuesOf } from '../copies/derived-values.js';
import { copyTable, keyColumn, unquotedName } from '../schema/names.js';

/** The columns of each copy that stands, by source. */
export type Standing = ReadonlyMap<string, ReadonlySet<string>>;

export async function readStanding(client: ClientBase, sources: readonly string[]): Promise<Standing> {
  const { rows } = await client.query<{ source: string; columns: string[] }>(
    `SELECT source, array_agg(attname::text) AS columns
     FROM unnest($1::text[], $2::text[]) AS wanted (source, name)
     JOIN pg_attribute ON attrelid = to_regclass(name) AND attnum > 0 AND NOT attisdropped
     GROUP BY source`,
    [sources, sources.map((source) => copyTable(source))],
  );
  return new Map(rows.map(({ source, columns }) => [source, new Set(columns)]));
}

/** A level has more rows for these roots than are loaded for a comparison. */
export class TooManyRows extends Error {
  constructor(readonly level: string) {
    super(
      `the join at '${level}' has more than ${mostRows} rows, and the copies have no columns to pick by yet`,
    );
  }
}

const mostRows = 100_000;

/**
 * Loads what a plan needs from copies that nobody has prepared for it: a column that is not there yet is read from the
 * state, and rows that PostgreSQL could not pick or roll up are loaded whole and left to the assembly, which picks the same.
 * Nothing is added to the copies. A source that has no copies yet has no rows.
 * @throws {TooManyRows}
 */
export async function loadLoosely(
  client: ClientBase,
  plan: Plan,
  rootIds: readonly string[],
  standing: Standing,
  sources: readonly SourceDescription[],
): Promise<LoadedRows> {
  const rows = new Map<string, readonly LoadedRow[]>();
  for (const level of plan.levels) {
    const keys = level.parent === null ? rootIds : keysFor(level, rows.get(level.parent) ?? []);
    rows.set(level.id, keys.length === 0 ? [] : await loadOne(client, level, keys, standing, sources));
  }
  return rows;
}

async function loadOne(
  client: ClientBase,
  level: Level,
  keys: readonly string[],
  standing: Standing,
  sources: readonly SourceDescription[],
): Promise<readonly LoadedRow[]> {
  const columns = standing.get(level.source);
  if (columns === undefined) return [];
  const values = storedValuesOf([{ levels: [level] }]);
  const match = matchColumn(level);
  const prepared =
    (match === 'id' || columns.has(unquotedName(`key_${match}`))) &&
    values.every(({ name }) => columns.has(name));
  if (prepared) return loadLevel(client, level, keys);
  const found = await client.query<LoadedRow>(
    `SELECT id, data FROM ${copyTable(level.source)}
     WHERE ${matchSql(level, match, columns, sources)} AND NOT deleted LIMIT ${mostRows + 1}`,
    [keys],
  );
  if (found.rows.length > mostRows) throw new TooManyRows(level.id);
  return rollUpLevel(level, new Set(keys), found.rows);
}

/** The column of the level's rows that the keys are looked up in. */
function matchColumn({ link }: Level): string {
  if (link === null) return 'id';
  return link.kind === 'backward' ? link.column : (link.by ?? 'id');
}

function matchSql(
  { source, link }: Level,
  column: string,
  standing: ReadonlySet<string>,
  sources: readonly SourceDescription[],
): string {
  if (column === 'id') return 'id = ANY($1::text[])';
  const declared = sources.find(({ name }) => name === source);
  const key = declared && keyColumns(declared, sources).find(({ path }) => path === column);
  const many = key?.many ?? (link?.kind === 'backward' && link.many);
  const value =
    standing.has(unquotedName(`key_${column}`)) || key === undefined
      ? keyColumn(column)
      : `(${key.expression})`;
  return many ? `${value} && $1::text[]` : `${value} = ANY($1::text[])`;
}
