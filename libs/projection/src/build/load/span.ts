import type { ClientBase } from 'pg';
import type { Level, LoadedRow } from '#views';
import { copyTable, keyColumn } from '../../schema/names.js';

/**
 * Roots that stood side by side in the order of ids when they were picked, from `first` to `last`. Rows of one that came
 * between them since are read along, and nobody asks for its document.
 */
export interface RootSpan {
  readonly first: string;
  readonly last: string;
}

/** The span of ids that were read in their order, one after the other; null of none. */
export function spanOf(ids: readonly string[]): RootSpan | null {
  const [first, last] = [ids[0], ids.at(-1)];
  return first === undefined || last === undefined ? null : { first, last };
}

/** Whether the rows of a level are those of the roots themselves, or refer to the root's id with a single key. */
export function readsBySpan({ link, parent, rollUp, derived }: Level): boolean {
  if (link === null) return true;
  const ofRoot = parent === '' && link.kind === 'backward' && !link.many && (link.by ?? 'id') === 'id';
  return ofRoot && rollUp === undefined && derived === undefined;
}

/**
 * The rows of a level that belong to the roots of a span. Read from one end of the index to the other, it costs a third of
 * what a list of a thousand keys does: PostgreSQL reads the whole table for that where it is small, and seeks each key
 * where it is not. Rejected: all rows of a level as one text (`string_agg`), which was read no faster.
 *
 * Rows that refer to no root that is there are left out by the database, since there may be any number of them.
 */
export async function loadSpan(
  client: ClientBase,
  level: Level,
  root: string,
  { first, last }: RootSpan,
): Promise<readonly LoadedRow[]> {
  const key = level.link === null ? 'id' : keyColumn(level.link.column);
  const within = (column: string): string => `${column} >= $1 AND ${column} <= $2 AND NOT deleted`;
  const ofLiving =
    level.link === null ? '' : ` AND ${key} IN (SELECT id FROM ${copyTable(root)} WHERE ${within('id')})`;
  const { rows } = await client.query<LoadedRow>(
    `SELECT id, data FROM ${copyTable(level.source)} WHERE ${within(key)}${ofLiving}`,
    [first, last],
  );
  return rows;
}
