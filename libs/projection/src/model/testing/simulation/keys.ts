import type { ColumnPath } from '#views';
import type { TriggerRoute } from '../../../marks/trigger-routes.js';
import type { State } from '../services.js';
import type { Copy, Tables } from './database.js';

/** The keys that a row holds at a path; a deleted row holds its id and no other. */
export function keysIn({ id, state }: Copy, path: ColumnPath): readonly string[] {
  if (path === 'id') return [id];
  const [column = '', item] = path.split('.');
  const value = state?.[column] ?? null;
  if (item !== undefined) return ((value ?? []) as readonly State[]).map((one) => one[item] as string);
  if (Array.isArray(value)) return value as readonly string[];
  return value === null ? [] : [value as string];
}

/** Whether an update of a row can change a document by this route. */
export function changes(route: TriggerRoute, before: Copy, after: Copy): boolean {
  return (
    (before.state === null) !== (after.state === null) ||
    route.columns.some(
      (column) => JSON.stringify(before.state?.[column]) !== JSON.stringify(after.state?.[column]),
    )
  );
}

/** The roots that a key leads to by the steps of its route, in order. */
export function rootsOf(route: TriggerRoute, key: string, copies: Tables['copies']): readonly string[] {
  let keys: ReadonlySet<string> = new Set([key]);
  for (const { source, match, give } of route.steps) {
    const found = [...(copies.get(source)?.values() ?? [])].filter((row) =>
      keysIn(row, match).some((held) => keys.has(held)),
    );
    keys = new Set(found.flatMap((row) => keysIn(row, give)));
  }
  return [...keys].sort();
}
