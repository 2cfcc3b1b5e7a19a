import type { Filter, Plan } from '#views';
import type {
  FacetAnswer,
  FacetRequest,
  StatsAnswer,
  StatsRequest,
  SuggestRequest,
  ValueCount,
} from './aggregates.js';

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

/** A document where its `id` field puts it. The two are the same, unless somebody else wrote the document. */
export interface ScannedDocument extends StoredDocument {
  readonly key: string;
}

/** The keys above `after` up to `to`, by byte; null is open. */
export interface KeyRange {
  readonly after: string | null;
  readonly to: string | null;
}

/** Where a page ended: documents that have the same key are told apart by `tie`. */
export interface ScanPosition {
  readonly key: string;
  readonly tie: number;
}

export interface ScanPage {
  readonly documents: readonly ScannedDocument[];
  /** Where the next page begins; null after the last one. */
  readonly next: ScanPosition | null;
}

export interface RevisionPage extends Pick<ScanPage, 'next'> {
  readonly documents: readonly Pick<ScannedDocument, 'key' | 'revision'>[];
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
  /** Counts of all that matches, on every page alike. */
  readonly facets?: readonly FacetRequest[];
  /** The text fields whose matches of `q` are marked; `all` is those that `q` searches. Others of them have no marks. */
  readonly highlight?: readonly string[] | 'all';
  /** How the first page counts: `estimate`, when absent, counts to 10 000 and then says at least. */
  readonly totals?: 'exact' | 'estimate' | 'none';
  /** Searches this state instead of the index as it is now. */
  readonly pointInTime?: PointInTime;
}

/**
 * One state of one index, which searches go on seeing whatever is written and swapped meanwhile. The server forgets it
 * when nobody has searched it for `keepMs`.
 */
export interface PointInTime {
  readonly id: string;
  readonly keepMs: number;
}

export interface SearchSort {
  readonly field: string;
  readonly descending: boolean;
  readonly nulls: 'first' | 'last';
}

export interface SearchHit extends StoredDocument {
  readonly sortValues: readonly (string | number | boolean | null)[];
  /**
   * When highlights were asked for: the values in which `q` was found, by field, escaped for HTML (& < > " ' /) with
   * `<mark>` as the only tag. A string comes whole, of prose at most three passages come.
   */
  readonly highlights?: Readonly<Record<string, readonly string[]>>;
}

export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  /** Counted on a first page only: 0 and not exact when the request had an `after` or wanted none. */
  readonly total: number;
  readonly totalIsExact: boolean;
  /** By name, when facets were asked for. */
  readonly facets?: Readonly<Record<string, FacetAnswer>>;
  /** The id to go on with when a point in time was searched: it may change from answer to answer. */
  readonly pointInTimeId?: string;
}

export interface SearchOptions {
  readonly signal?: AbortSignal;
  readonly deadlineMs: number;
  /** For who knows of a write: the answer is of a call that begins after this was asked, not of an equal one in flight. */
  readonly fresh?: true;
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
  /** As `get`, of many ids; those without a document are absent. */
  getMany(
    index: string,
    ids: readonly string[],
    options: SearchOptions,
  ): Promise<ReadonlyMap<string, StoredDocument>>;
  search(index: string, plan: Plan, request: SearchRequest, options: SearchOptions): Promise<SearchAnswer>;
  /** Counts and figures of what matches, by groups; `options` as for a search. */
  stats(index: string, plan: Plan, request: StatsRequest, options: SearchOptions): Promise<StatsAnswer>;
  /** The values of a field that begin with a text, the most frequent first, with the number of documents that have each. */
  suggest(
    index: string,
    plan: Plan,
    request: SuggestRequest,
    options: SearchOptions,
  ): Promise<readonly ValueCount<string>[]>;
  /** Holds the state that an index, or the index behind an alias, has now; returns its id. */
  openPointInTime(index: string, keepMs: number): Promise<string>;
  /** Lets it go; one that is gone is no fault. */
  closePointInTime(id: string): Promise<void>;
  /** How many searches and points in time hold the index just now; dropping it would break them. 0 for an absent one. */
  heldBy(index: string): Promise<number>;
  /** How many searches and gets the index has answered since its server runs; 0 for an absent one. */
  readsOf(index: string): Promise<number>;
  /** All documents in id order from `after`, as search sees them. */
  scan(index: string, after: string | null, limit: number): Promise<readonly StoredDocument[]>;
  /**
   * The documents of a range in the order of their keys, page by page, for verification. A key is what the `id` field
   * holds, by byte; each document comes once, also where several have one key. Those without a key are strays.
   */
  scanRange(index: string, range: KeyRange, from: ScanPosition | null, limit: number): Promise<ScanPage>;
  /** The same range by keys and revisions alone: no document is read for it, and its id is not told. */
  scanRevisions(
    index: string,
    range: KeyRange,
    from: ScanPosition | null,
    limit: number,
  ): Promise<RevisionPage>;
  /** Documents whose `id` field is missing or no text, so that no range holds them; at most `limit`. */
  strays(index: string, limit: number): Promise<readonly StoredDocument[]>;
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}
