import type { Tables } from '../assemble/load-from.js';
import { keyReader, readerOf, type ReadColumn } from '../assemble/read.js';
import type { LoadedRow } from '../assemble/rows.js';
import { canonicalJson } from './canonical.js';
import type { Plan, Route } from './plan.js';
import { routesOf } from './routes.js';

/**
 * The roots whose documents a change may make stale, as the routes of a plan say: what triggers and look-ups do in a
 * database, with whole tables in memory. Look-ups see the tables as they are after the change. Pure.
 */
export function markedRoots(plan: Plan, before: Tables, after: Tables): ReadonlySet<string> {
  const readers = readersOf(plan);
  const marked = new Set<string>();
  for (const route of routesOf(plan)) {
    let keys = startKeys(route, before, after, readerFor(readers, route.source));
    for (const { source, match, give } of route.steps) {
      const read = readerFor(readers, source);
      const [matchedBy, given] = [keyReader(match, read), keyReader(give, read)];
      const found = (after[source] ?? []).filter((row) => matchedBy(row).some((key) => keys.has(key)));
      keys = new Set(found.flatMap(given));
    }
    for (const id of keys) marked.add(id);
  }
  return marked;
}

/** The keys of the rows that changed, as they were and as they are. */
function startKeys(route: Route, before: Tables, after: Tables, read: ReadColumn): ReadonlySet<string> {
  const old = byId(before[route.source]);
  const now = byId(after[route.source]);
  const keysOf = keyReader(route.start, read);
  const keys = new Set<string>();
  for (const id of new Set([...old.keys(), ...now.keys()])) {
    const rows = [old.get(id), now.get(id)].filter((row) => row !== undefined);
    const [first, second] = rows;
    if (first !== undefined && second !== undefined && !differ(route, first, second)) continue;
    for (const row of rows) for (const key of keysOf(row)) keys.add(key);
  }
  return keys;
}

function differ({ columns }: Route, before: LoadedRow, after: LoadedRow): boolean {
  const seen = ({ data }: LoadedRow) => canonicalJson(columns.map((column) => data[column]));
  return seen(before) !== seen(after);
}

function byId(rows: readonly LoadedRow[] = []): ReadonlyMap<string, LoadedRow> {
  return new Map(rows.map((row) => [row.id, row]));
}

/** Old names and defaults belong to the source, so what one level of it knows of a column holds for all. */
function readersOf(plan: Plan): ReadonlyMap<string, ReadColumn> {
  const sources = new Set(plan.levels.map((level) => level.source));
  return new Map(
    [...sources].map((source) => {
      const levels = plan.levels.filter((level) => level.source === source);
      return [source, readerOf({ fallbacks: levels.flatMap((level) => level.fallbacks ?? []) })];
    }),
  );
}

function readerFor(readers: ReadonlyMap<string, ReadColumn>, source: string): ReadColumn {
  return readers.get(source) ?? readerOf({});
}
