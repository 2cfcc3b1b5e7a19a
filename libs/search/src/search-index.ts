import type { Filter, Plan } from '#views';

/** One write of a whole document, ordered by its revision (design rule 6). */
export type WriteOperation =
  | {
      readonly kind: 'index';
      readonly index: string;
      readonly id: string;
      readonly revision: number;
      readonly body: string;
    }
  | { readonly kind: 'delete'; readonly index: string; readonly id: string; readonly revision: number };

/**
 * What became of one write, decided by error type and not by status alone (design rule 9).
 *
 * - `done`; `superseded`: a newer revision is there (`current` when the server names it), which is success;
 * - `retry`: nothing wrong with the document: build it again later, from a new snapshot;
 * - `refused`: the document itself can not be indexed: a dead letter;
 * - `too_large`: the request, not the document: split it;
 * - `index_unavailable`: missing, closed or of unknown make: stop this generation and alarm.
 */
export type WriteOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'superseded'; readonly current: number | null }
  | { readonly kind: 'retry'; readonly reason: string; readonly alarm: boolean }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'too_large'; readonly reason: string }
  | { readonly kind: 'index_unavailable'; readonly reason: string };

export interface StoredDocument {
  readonly id: string;
  readonly revision: number;
  /** The document as it was written, byte for byte. */
  readonly source: string;
}

/**
 * A query in terms of the view's dotted fields. Conditions that stand side by side in an `and` of `where` mean the same
 * element of a list, and so does an `or` beside them; an `and` within an `and` keeps elements of its own. `ne`, `not` and
 * `exists: false` mean that no element matches. It is compiled by each adapter, so that no engine's
 * language leaks out.
 */
export interface SearchRequest {
  readonly where: Filter | null;
  readonly q: string | null;
  /** The text fields that `q` searches; null is all. */
  readonly in: readonly string[] | null;
  /** Ends with the tie-break by id. `relevance` stands for the score. */
  readonly sort: readonly SearchSort[];
  /** The fields to answer, dotted; null is the whole document. */
  readonly fields: readonly string[] | null;
  readonly limit: number;
  /** The sort values of the last hit of the page before; null starts. */
  readonly after: readonly (string | number | boolean | null)[] | null;
  /** Hits to leave out, for numbered pages. */
  readonly offset: number;
}

export interface SearchSort {
  readonly field: string;
  readonly descending: boolean;
  readonly nulls: 'first' | 'last';
}

export interface SearchHit extends StoredDocument {
  readonly sortValues: readonly (string | number | boolean | null)[];
}

export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  /** Counted on a first page only: 0 and not exact when the request had an `after`. */
  readonly total: number;
  readonly totalIsExact: boolean;
}

export interface SearchOptions {
  readonly signal?: AbortSignal;
  readonly deadlineMs: number;
}

/** An index of documents by view. One adapter per engine; all pass the same contract suite. */
export interface SearchIndex {
  /** Creates the index of a generation; existing is no fault if its fingerprint is the same. */
  create(index: string, plan: Plan): Promise<void>;
  /** Removes an index; absent is no fault. */
  drop(index: string): Promise<void>;
  exists(index: string): Promise<boolean>;
  /** Points the alias at one index, from whatever it pointed at, in one call. */
  point(alias: string, index: string): Promise<void>;
  /** The index that the alias points at, or null. */
  pointsAt(alias: string): Promise<string | null>;
  /** Writes all operations; outcomes in the order given. Rejects only when closed. */
  write(operations: readonly WriteOperation[], deadlineMs: number): Promise<readonly WriteOutcome[]>;
  /** Makes what was written visible to search. */
  refresh(index: string): Promise<void>;
  count(index: string): Promise<number>;
  /** Realtime get by id, from an index or an alias. */
  get(index: string, id: string, options: SearchOptions): Promise<StoredDocument | null>;
  search(index: string, plan: Plan, request: SearchRequest, options: SearchOptions): Promise<SearchAnswer>;
  /** All documents in id order from `after`, for verification. */
  scan(index: string, after: string | null, limit: number): Promise<readonly StoredDocument[]>;
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}
