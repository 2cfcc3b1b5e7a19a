import type { ClientBase, Pool } from 'pg';
import type { DeadLetterKind } from '../metrics.js';
import type { DeadLetter } from './dead-letters.js';

/** `healed`: applied or indexed after all, or a newer version was; `discarded`: somebody gave it up. */
export type DeadLetterState = 'open' | 'healed' | 'discarded';

/** Which letters are meant: those that meet everything that is said here. */
export interface DeadLetterFilter {
  readonly ids?: readonly number[] | undefined;
  readonly kind?: DeadLetterKind | undefined;
  readonly source?: string | undefined;
  readonly view?: string | undefined;
  /** The id of an aggregate or of a root. */
  readonly about?: string | undefined;
  readonly since?: Date | undefined;
  /** Absent is any. */
  readonly states?: readonly DeadLetterState[] | undefined;
}

/** A letter without its body, which may be large. */
export interface ListedDeadLetter extends Omit<DeadLetter, 'body'> {
  readonly id: number;
  readonly state: DeadLetterState;
  /** The size of the body. */
  readonly bytes: number;
  readonly createdAt: Date;
  readonly healedAt: Date | null;
  readonly discardedAt: Date | null;
}

export interface StoredDeadLetter extends ListedDeadLetter {
  readonly body: Buffer | null;
}

/** A part of a WHERE clause over `dead_letter`, and the values of its parameters. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

const STATE_IS: Readonly<Record<DeadLetterState, string>> = {
  open: '(healed_at IS NULL AND discarded_at IS NULL)',
  healed: '(healed_at IS NOT NULL)',
  discarded: '(healed_at IS NULL AND discarded_at IS NOT NULL)',
};

/**
 * The filter in SQL; its parameters are numbered from 1, and whoever adds conditions goes on after them.
 *
 * Only what is said becomes a condition, rather than `$1 IS NULL OR …` for each: the planner must see `healed_at IS NULL`
 * to read the open letters from their index, beside any number of healed ones.
 */
export function conditionOf(filter: DeadLetterFilter): Condition {
  const values: unknown[] = [];
  const value = (one: unknown): string => `$${values.push(one)}`;
  const { ids, kind, source, view, about, since, states } = filter;
  const parts = [
    ids && `id = ANY(${value(ids)}::bigint[])`,
    kind && `kind = ${value(kind)}`,
    source !== undefined && `source = ${value(source)}`,
    view !== undefined && `view = ${value(view)}`,
    about !== undefined && `${value(about)} IN (aggregate_id, root_id)`,
    since && `created_at >= ${value(since)}`,
    states && `(${states.map((state) => STATE_IS[state]).join(' OR ')})`,
  ].filter((part) => typeof part === 'string');
  return { sql: parts.length === 0 ? 'true' : parts.join(' AND '), values };
}

const LISTED = `
  id::float8 AS id, kind, reason, source, aggregate_id AS "aggregateId", epoch::float8, version::float8, view,
  root_id AS "rootId", index_name AS "indexName", message_id AS "messageId", created_at AS "createdAt",
  healed_at AS "healedAt", discarded_at AS "discardedAt", coalesce(octet_length(body), 0) AS bytes,
  CASE WHEN ${STATE_IS.healed} THEN 'healed' WHEN ${STATE_IS.open} THEN 'open' ELSE 'discarded' END AS state`;

/** The matching letters with the lowest ids above `after`, at most `limit`. */
export async function listDeadLetters(
  pool: Pool,
  filter: DeadLetterFilter = { states: ['open'] },
  { after = 0, limit = 100 }: { readonly after?: number; readonly limit?: number } = {},
): Promise<readonly ListedDeadLetter[]> {
  const { sql, values } = conditionOf(filter);
  const { rows } = await pool.query<ListedDeadLetter>(
    `SELECT ${LISTED}
     FROM dead_letter
     WHERE ${sql} AND id > $${values.length + 1}
     ORDER BY dead_letter.id
     LIMIT $${values.length + 2}`,
    [...values, after, limit],
  );
  return rows;
}

/** The open letters of one document, in any of its indices, and of these aggregates; the oldest first, at most 100. */
export async function readOpenLetters(
  client: ClientBase | Pool,
  {
    view,
    rootId,
    aggregates,
  }: {
    readonly view: string;
    readonly rootId: string;
    readonly aggregates: readonly Pick<DeadLetter, 'source' | 'aggregateId'>[];
  },
): Promise<readonly ListedDeadLetter[]> {
  const { rows } = await client.query<ListedDeadLetter>(
    `SELECT ${LISTED}
     FROM dead_letter
     WHERE ${STATE_IS.open} AND (
       (kind = 'document' AND view = $1 AND root_id = $2)
       OR (source, aggregate_id) IN (SELECT * FROM unnest($3::text[], $4::text[]))
     )
     ORDER BY dead_letter.id
     LIMIT 100`,
    [view, rootId, aggregates.map(({ source }) => source), aggregates.map(({ aggregateId }) => aggregateId)],
  );
  return rows;
}

/** One letter whole; null when there is none of that id. */
export async function readDeadLetter(pool: Pool, id: number): Promise<StoredDeadLetter | null> {
  const { rows } = await pool.query<StoredDeadLetter>(
    `SELECT ${LISTED}, body FROM dead_letter WHERE id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

/** How many letters match, and the highest id among them, which bounds work that goes on page by page. */
export async function measureDeadLetters(
  pool: Pool,
  filter: DeadLetterFilter,
): Promise<{ readonly count: number; readonly lastId: number }> {
  const { sql, values } = conditionOf(filter);
  const { rows } = await pool.query<{ count: number; lastId: number }>(
    `SELECT count(*)::int AS count, coalesce(max(id), 0)::float8 AS "lastId" FROM dead_letter WHERE ${sql}`,
    [...values],
  );
  return rows[0] ?? { count: 0, lastId: 0 };
}

/**
 * Lets the planner know how many letters there are, before many pages are read. A burst of letters is younger than the
 * statistics of the table, and without them each page sorts all that are left: 100 000 letters, 130 ms a page against
 * 0.3 ms.
 */
export async function refreshStatistics(pool: Pool): Promise<void> {
  await pool.query('ANALYZE dead_letter');
}
