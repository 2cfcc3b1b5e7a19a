import type { Plan, SourceDescription } from '#views';
import { copyTableSql, keyStatements } from '../copies/copy-table.js';
import { derivedIndexesOf } from '../copies/derived-indexes.js';
import { storedValuesOf } from '../copies/derived-values.js';
import { addColumnSql } from '../copies/ensure-derived.js';
import { keyColumns } from '../copies/key-columns.js';
import { rowFactsSql } from '../copies/row-facts.js';
import { sourceTriggers, type KeyShapes } from '../marks/trigger-sql.js';
import { copyTable } from '../schema/names.js';
import type { TriggerRoute } from '../marks/trigger-routes.js';

/** What a lock holds of one source. */
export interface LockedSource {
  readonly description: SourceDescription;
  /** The views that read a column, by its top-level name. */
  readonly readBy: ReadonlyMap<string, readonly string[]>;
  readonly statements: {
    readonly table: string;
    /** What a copy knows of itself beside its event; given to copies that stand as well. */
    readonly facts: string;
    /** One statement for each column that the database derives from the state. */
    readonly derived: readonly string[];
    readonly indexes: readonly string[];
    readonly triggers: string;
  };
}

/** Names are those of the schema that PostgreSQL uses unless it is told otherwise. */
const schema = 'public';

export function lockedSource(
  description: SourceDescription,
  all: readonly SourceDescription[],
  plans: readonly Plan[],
  routes: readonly TriggerRoute[],
): LockedSource {
  const { name } = description;
  const keys = keyColumns(description, all).map((key) => keyStatements(name, key));
  const values = storedValuesOf(plans).filter(({ source }) => source === name);
  const indexes = derivedIndexesOf(plans).filter(({ source }) => source === name);
  const triggers =
    routes.length === 0 ? [] : sourceTriggers(schema, name, routes, declaredShapes(all)).create;
  return {
    description,
    readBy: readersOf(name, plans),
    statements: {
      table: copyTableSql(name).trim(),
      facts: rowFactsSql(name).trim(),
      derived: [
        ...keys.map(({ column }) => column),
        ...sorted(values.map((value) => `ALTER TABLE ${copyTable(name)} ${addColumnSql(value)}`)),
      ],
      indexes: [
        ...keys.map(({ index }) => index),
        ...sorted(indexes.map((index) => `CREATE INDEX ${index.name} ${index.definition}`)),
      ],
      triggers: triggers.map((statement) => `${statement};`.replace(/[ \t]+$/gm, '')).join('\n\n'),
    },
  };
}

/** Views may be declared in any order. */
function sorted(statements: readonly string[]): readonly string[] {
  return [...statements].sort();
}

/** As the catalogue says it of copies that were made from these declarations. */
function declaredShapes(sources: readonly SourceDescription[]): KeyShapes {
  const many = new Map(
    sources.flatMap((source) =>
      keyColumns(source, sources).map((key) => [`${source.name}/${key.path}`, key.many] as const),
    ),
  );
  return (source, path) => ({ many: many.get(`${source}/${path}`) ?? false });
}

function readersOf(source: string, plans: readonly Plan[]): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, Set<string>>();
  for (const plan of plans) {
    for (const level of plan.levels.filter((one) => one.source === source)) {
      for (const column of level.columns)
        readers.set(column, (readers.get(column) ?? new Set<string>()).add(plan.view));
    }
  }
  const sorted = [...readers].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([column, views]) => [column, [...views].sort()]));
}
