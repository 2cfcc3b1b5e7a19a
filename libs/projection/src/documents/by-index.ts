import { compareText } from '#views';
import type { HashedWrite } from './hash.js';

/** The writes to one index. */
export interface IndexWrites {
  readonly index: string;
  readonly writes: readonly HashedWrite[];
}

/**
 * The writes by their index, in the order of the indices' names. Each statement about documents is of one index: that one
 * is a constant of it, where a list of names beside the list of ids made PostgreSQL join and sort (20 µs a document).
 */
export function byIndex(writes: readonly HashedWrite[]): readonly IndexWrites[] {
  const groups = Map.groupBy(writes, ({ operation }) => operation.index);
  return [...groups]
    .map(([index, of]) => ({ index, writes: of }))
    .sort((a, b) => compareText(a.index, b.index));
}
