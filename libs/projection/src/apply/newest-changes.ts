import { isDeepStrictEqual } from 'node:util';
import { compareVersions, type Change } from './change.js';

export interface NewestChanges {
  /** One change for each aggregate: its highest version, and of equal ones the first. */
  readonly newest: readonly Change[];
  readonly superseded: number;
  readonly duplicate: number;
  /** Changes of a version that came before with other data. */
  readonly conflicting: readonly Change[];
}

/**
 * Reduces a batch of one source to one change for each aggregate: an upsert may touch a row only once, and the versions
 * between have no document of their own.
 */
export function newestChanges(changes: readonly Change[]): NewestChanges {
  const newest = new Map<string, Change>();
  const conflicting: Change[] = [];
  let superseded = 0;
  let duplicate = 0;
  for (const change of changes) {
    const known = newest.get(change.id);
    const order = known === undefined ? 1 : compareVersions(change, known);
    if (known !== undefined && order !== 0) superseded += 1;
    if (order > 0) newest.set(change.id, change);
    if (known !== undefined && order === 0) {
      if (sameState(change, known)) duplicate += 1;
      else conflicting.push(change);
    }
  }
  return { newest: [...newest.values()], superseded, duplicate, conflicting };
}

/** By value and not by text, since a source that publishes everything again may write its members in another order. */
function sameState(a: Change, b: Change): boolean {
  if (a.deleted !== b.deleted || a.data === b.data) return a.deleted === b.deleted;
  return a.data !== null && b.data !== null && isDeepStrictEqual(JSON.parse(a.data), JSON.parse(b.data));
}
