import { compareValues } from '#views';
import { fieldOf, type Fields } from '../fields.js';
import type { SearchSort } from '../search-index.js';
import { sortKeysOf, type Comparable, type MemoryDocument } from './document.js';

/** A document that was found, with what it is sorted by. */
export interface Found {
  readonly document: MemoryDocument;
  readonly keys: readonly (Comparable | null)[];
}

/** Reads what a document is sorted by: of several values the least when ascending, the greatest when descending. */
export function keyReader(
  sort: readonly SearchSort[],
  fields: Fields,
): (document: MemoryDocument, score: number) => Found {
  const readers = sort.map(({ field: path, descending }) => {
    if (path === 'relevance') return null;
    const field = fieldOf(path, fields);
    const better = descending ? 1 : -1;
    const keys = sortKeysOf(field);
    return (document: MemoryDocument): Comparable | null => {
      let best: Comparable | null = null;
      for (const value of keys(document))
        if (best === null || compareValues(value, best, undefined) * better > 0) best = value;
      return best;
    };
  });
  return (document, score) => ({
    document,
    keys: readers.map((read) => (read === null ? score : read(document))),
  });
}

type Keys = readonly (Comparable | null)[];

/** Negative when `a` comes before `b`. */
export function compareKeys(a: Keys, b: Keys, sort: readonly SearchSort[]): number {
  for (const [at, key] of sort.entries()) {
    const order = compareKey(a[at] ?? null, b[at] ?? null, key);
    if (order !== 0) return order;
  }
  return 0;
}

function compareKey(a: Comparable | null, b: Comparable | null, { descending, nulls }: SearchSort): number {
  if (a === null || b === null) {
    const missingLast = (a === null ? 1 : 0) - (b === null ? 1 : 0);
    return nulls === 'last' ? missingLast : -missingLast;
  }
  const order = compareValues(a, b, undefined);
  return descending ? -order : order;
}

/** The first ones in order, without putting all the others in order. */
export function firstOf(found: Iterable<Found>, count: number, sort: readonly SearchSort[]): Found[] {
  const first: Found[] = [];
  if (count === 0) return first;
  for (const one of found) {
    const last = first[count - 1];
    if (last !== undefined && compareKeys(one.keys, last.keys, sort) >= 0) continue;
    first.splice(placeIn(first, one, sort), 0, one);
    if (first.length > count) first.pop();
  }
  return first;
}

function placeIn(ordered: readonly Found[], one: Found, sort: readonly SearchSort[]): number {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = ordered[middle];
    if (there !== undefined && compareKeys(there.keys, one.keys, sort) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
