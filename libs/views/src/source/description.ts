import type { FilterValue, ValueKind } from '../plan/plan.js';

/** A source as plain JSON: what copies, events and their schemas are derived from. */
export interface SourceDescription {
  readonly name: string;
  readonly owner: string | null;
  /** The name that it had before. */
  readonly was?: string;
  readonly columns: readonly ColumnDescription[];
}

export type ColumnDescription = ValueColumn | ListColumn;

export interface ValueColumn {
  readonly name: string;
  readonly kind: ValueKind;
  /** Holds a list of values of this kind (`array(…)`). */
  readonly array: boolean;
  readonly nullable: boolean;
  /** Set for references: the source pointed at, and by which of its columns. */
  readonly ref?: { readonly source: string; readonly column: string; readonly unique: boolean };
  readonly values?: readonly string[];
  readonly currency?: string;
  /** Stands for the column in events from before it was declared. */
  readonly default?: FilterValue;
  /** The name that it had before. */
  readonly was?: string;
}

/** `list({…})`: items without an identity of their own. */
export interface ListColumn {
  readonly name: string;
  readonly kind: 'list';
  readonly columns: readonly ValueColumn[];
}
