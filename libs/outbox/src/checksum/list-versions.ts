import { contentHash, type AggregateVersion, type IdRange } from '#messaging';
import type { ComparedSource, CurrentAggregate } from '../resync/published-source.js';
import type { Transaction } from '../transaction.js';
import { inRange, isAbove } from './range-sql.js';

/** The first aggregates of a range, deleted ones too, in the order of their ids. */
export async function listRange(
  tx: Transaction,
  compared: ComparedSource,
  { range, limit }: { readonly range: IdRange; readonly limit: number },
  contents: boolean,
): Promise<readonly AggregateVersion[]> {
  if (contents) {
    const page = await compared.readPage(tx, range.after, limit);
    return page.filter(({ id }) => !isAbove(id, range.to)).map(withContent);
  }
  const rows = compared.rows(tx);
  const { sql, values } = inRange(rows, range, 2);
  return tx.query(
    `SELECT (${rows.id})::text AS id, (${rows.version})::float8 AS version, (${rows.deleted}) AS deleted,
       NULL AS content
     FROM ${rows.table} WHERE ${sql} ORDER BY ${rows.id} LIMIT $1`,
    [limit, ...values],
  );
}

export interface ListedAggregates {
  readonly aggregates: readonly AggregateVersion[];
  readonly waiting: readonly string[];
  readonly deadLettered: readonly string[];
}

/**
 * Aggregates by their ids, and which of the ids have events on their way. An event that a relay has claimed counts until
 * the broker has confirmed it: its row is deleted by a transaction that is still open.
 */
export async function listThese(
  tx: Transaction,
  compared: ComparedSource,
  source: string,
  ids: readonly string[],
  contents: boolean,
): Promise<ListedAggregates> {
  const eventsIn = async (table: 'outbox' | 'outbox_dead_letter'): Promise<readonly string[]> => {
    const found: { id: string }[] = await tx.query(
      `SELECT DISTINCT aggregate_id AS id FROM ${table} WHERE source = $1 AND aggregate_id = ANY ($2)`,
      [source, ids],
    );
    return found.map(({ id }) => id);
  };
  return {
    // The events first: what has none then has told all that the rows are about to show.
    waiting: await eventsIn('outbox'),
    deadLettered: await eventsIn('outbox_dead_letter'),
    aggregates: contents
      ? (await compared.readThese(tx, ids, 'unlocked')).map(withContent)
      : await listVersions(tx, compared, ids),
  };
}

async function listVersions(
  tx: Transaction,
  compared: ComparedSource,
  ids: readonly string[],
): Promise<readonly AggregateVersion[]> {
  const rows = compared.rows(tx);
  // An id that the type can not hold is none of these.
  const possible = ids.filter((id) => rows.greatestUpTo(id) === id);
  return tx.query(
    `SELECT (${rows.id})::text AS id, (${rows.version})::float8 AS version, (${rows.deleted}) AS deleted,
       NULL AS content
     FROM ${rows.table} WHERE ${rows.id} = ANY ($1::${rows.idType}[]) ORDER BY ${rows.id}`,
    [possible],
  );
}

function withContent({ id, version, data }: CurrentAggregate): AggregateVersion {
  return { id, version, deleted: data === null, content: data === null ? null : contentHash(data) };
}
