/**
 * What is wrong with a document of an index:
 * - `missing`: the copies make it, the index has none;
 * - `extra`: the index has it, the copies make none;
 * - `stale`: other content than the copies make, and a newer build is known or waits, or none is known at all;
 * - `different`: other content, at the revision of the newest build. Where that build found the document equal and did not
 *   send it, the revision in the index is an older one, so that such a document counts as stale;
 * - `ahead`: its revision is above every one that the database has given out, so that it would refuse all changes.
 */
export type DifferenceKind = 'missing' | 'extra' | 'stale' | 'different' | 'ahead';

export const differenceKinds: readonly DifferenceKind[] = ['missing', 'extra', 'stale', 'different', 'ahead'];

/** One document that is not what the copies make of it, and was not in two looks. */
export interface Difference {
  readonly id: string;
  readonly kind: DifferenceKind;
  /** Of the document in the index; null when there is none. */
  readonly revision: number | null;
  /** A mark of it, or a changed key that may reach it, waits, and nobody builds: it may be late and not wrong. */
  readonly waiting: boolean;
}

/** A root that has no document for a reason that is known: the index refuses it, or it can not be made. */
export interface Refused {
  readonly id: string;
  readonly reason: string;
}
