import type { ClientBase } from 'pg';
import type { Level } from '#views';
import { elementsSql } from '../build/load/elements.js';
import { levelQuery, whereSql } from '../build/load/level-query.js';

/** The rows that one value was rolled up from. */
export interface RolledRows {
  readonly rows: number;
  /** Rows, or items of their lists. */
  readonly elements: number;
  /** Of the newest event among them; null when there are none. */
  readonly occurredAt: Date | null;
  readonly appliedAt: Date | null;
}

/** Counts what a rolled-up level counts in for one key, by the columns that the roll-up itself reads. */
export async function readRolledRows(client: ClientBase, level: Level, key: string): Promise<RolledRows> {
  const elements = elementsSql(level);
  const { text, values } = levelQuery(
    [key],
    (bind) => `
SELECT rolled.*
FROM unnest($1::text[]) AS wanted (key)
CROSS JOIN LATERAL (
  SELECT count(DISTINCT copy.id)::float8 AS rows, count(*)::float8 AS elements,
         max(copy.occurred_at) AS "occurredAt", max(copy.applied_at) AS "appliedAt"
  FROM ${elements.from}
  WHERE ${whereSql(level, elements, bind)}
) AS rolled`,
  );
  const { rows } = await client.query<RolledRows>(text, [...values]);
  return rows[0] ?? { rows: 0, elements: 0, occurredAt: null, appliedAt: null };
}
