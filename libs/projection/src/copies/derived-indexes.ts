import { createHash } from 'node:crypto';
import type { Filter, Level, Plan } from '#views';
import { copyTable, keyColumn } from '../schema/names.js';
import { pickOrder, storedValueName } from './derived-values.js';

/** An index by which the first rows of a key are found, or what is rolled up by key is read without the rows. */
export interface DerivedIndex {
  readonly source: string;
  /** A hash of the definition: an index is never changed under its name. */
  readonly name: string;
  /** What follows the name in CREATE INDEX. */
  readonly definition: string;
}

/** Every name of such an index begins with this. */
export const derivedIndexPrefix = 'prejoin_level_';

/**
 * Keys are at most 128 bytes and texts at most 432, so that five of them and an id stay below the 2 704 bytes of a
 * B-tree's entry. Columns beyond are read from the rows.
 */
const mostColumns = 5;

/** The indexes that the copies need for these plans, each once. */
export function derivedIndexesOf(plans: readonly Plan[]): readonly DerivedIndex[] {
  const indexes = plans.flatMap((plan) => plan.levels.flatMap((level) => indexOf(level) ?? []));
  return [...new Map(indexes.map((index) => [index.name, index])).values()];
}

/**
 * Of a level that is found by one key. Keys in lists have a GIN index, which holds no order and no values, and of a
 * shared key (`id`) there is one row.
 */
function indexOf(level: Level): DerivedIndex | null {
  const { link, source } = level;
  if (level.derived === undefined || link?.kind !== 'backward' || link.many || link.column === 'id')
    return null;
  const key = keyColumn(link.column);
  const definition = `ON ${copyTable(source)} ${columnsOf(level, key)} WHERE NOT deleted`;
  const hash = createHash('sha256').update(definition).digest('hex').slice(0, 12);
  return { source, name: `${derivedIndexPrefix}${hash}`, definition };
}

/**
 * The key, then what the filter pins to one value. For the first rows the order that they are wanted in follows, down to
 * the id: PostgreSQL stops after the limit. For a count or a sum all other columns follow, so that the rows need not be
 * visited.
 */
function columnsOf(level: Level, key: string): string {
  const order = pickOrder(level);
  const pinned = pinnedBy(level.where).filter(
    (column) => order?.some((one) => one.column === column) !== true,
  );
  const first = indexable(level, pinned).slice(0, mostColumns);
  if (order === null) {
    const others = (level.derived ?? []).map(({ column }) => column);
    const covered = indexable(level, others).filter((name) => !first.includes(name));
    const included = covered.slice(0, mostColumns - first.length);
    return `(${[key, ...first].join(', ')})${included.length === 0 ? '' : ` INCLUDE (${included.join(', ')})`}`;
  }
  const sorted = order.flatMap(({ column, descending }) =>
    indexable(level, [column]).map((name) => (descending ? `${name} DESC NULLS LAST` : name)),
  );
  return `(${[key, ...[...first, ...sorted].slice(0, mostColumns), 'id'].join(', ')})`;
}

/** The columns that an index can hold, as SQL names them. Arrays have no bound. */
function indexable(level: Level, columns: readonly string[]): readonly string[] {
  const derived = (level.derived ?? []).filter(({ array }) => !array);
  return columns.flatMap((column) =>
    derived
      .filter((one) => one.column === column && column !== 'id')
      .map((one) => storedValueName(level, one)),
  );
}

/** The columns that every row has one known value of, if the filter holds. */
function pinnedBy(filter: Filter | null): readonly string[] {
  if (filter?.kind === 'and') return [...new Set(filter.of.flatMap(pinnedBy))];
  return filter?.kind === 'condition' && filter.op === 'eq' && filter.values.length === 1
    ? [filter.field]
    : [];
}
