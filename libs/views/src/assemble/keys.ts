import type { Level } from '../plan/plan.js';
import { keyReader, parentKey } from './read.js';
import type { LoadedRow } from './rows.js';

/**
 * The keys by which the rows of `level` are to be looked up, from its parent's loaded rows: each once, in the order met.
 * They are compared with this level's id (or `link.by`) when the link is forward, with `link.column` when it is backward.
 */
export function keysFor(level: Level, parentRows: readonly LoadedRow[]): readonly string[] {
  if (level.link === null) return parentRows.map((row) => row.id);
  const { path, read } = parentKey(level.link);
  const keysOf = keyReader(path, read);
  const keys = new Set<string>();
  for (const row of parentRows) for (const key of keysOf(row)) keys.add(key);
  return [...keys];
}
