import type { StatsAnswer, StatsRequest, StoredDocument, ValueCount } from '#search';
import { beginExport } from './export.js';
import type { AskedAfter } from './freshness/asked-after.js';
import { unknownFreshness } from './freshness/freshness.js';
import { OwnWrites, type BeforeRead, type FreshRead, type ReadBy } from './freshness/own-writes.js';
import { Refreshes } from './freshness/refreshes.js';
import { guardedIndex } from './guard/guarded-index.js';
import type { GuardedView } from './guard/guarded-view.js';
import { askedByBody, askedByQuery, readPage, type Page } from './list.js';
import { parseBatch } from './parse/batch.js';
import { parseStats } from './parse/stats-query.js';
import { parseSuggest } from './parse/suggestion-query.js';
import { noWait, understood, type ReaderOptions } from './reading.js';
import type { ServedView } from './served-view.js';
import { Snapshots } from './snapshots.js';

export interface Batch {
  /** Those that there are, as JSON texts in the order asked. */
  readonly documents: readonly string[];
  /** The ids that have no document, in the order asked. */
  readonly missing: readonly string[];
}

export interface Stats extends StatsAnswer {
  /** What was measured, in the order of each group's metrics. */
  readonly metrics: StatsRequest['metrics'];
}

/**
 * Reads views. Every read goes to the index that the view's alias points at, so that a swap needs no word here. All of
 * them throw `QueryInvalidError` with all faults of what was asked, and none shows or counts a document that the caller
 * of the view may not see. `before` is that of a read that `begin` made; it is called when the question is understood and
 * before the index is asked.
 */
export interface Reader {
  /** A read that waits for the writes which were asked for, if any, and tells how fresh its answer is. */
  begin(view: ServedView, asked: AskedAfter | null, by: ReadBy, signal: AbortSignal): FreshRead;
  list(view: GuardedView, query: string, signal: AbortSignal, before?: BeforeRead): Promise<Page>;
  /** As `list`, asked by the JSON of a search. */
  search(view: GuardedView, body: unknown, signal: AbortSignal, before?: BeforeRead): Promise<Page>;
  get(
    view: GuardedView,
    id: string,
    signal: AbortSignal,
    before?: BeforeRead,
  ): Promise<StoredDocument | null>;
  /** As `get`, of the ids of `{ ids }`, each once. */
  batch(view: GuardedView, body: unknown, signal: AbortSignal, before?: BeforeRead): Promise<Batch>;
  suggest(
    view: GuardedView,
    query: string,
    signal: AbortSignal,
    before?: BeforeRead,
  ): Promise<readonly ValueCount<string>[]>;
  stats(view: GuardedView, query: string, signal: AbortSignal, before?: BeforeRead): Promise<Stats>;
  /**
   * Every document that the query finds, as JSON texts in chunks, all of one state of one generation. The first chunk is
   * there when this resolves. Whoever stops to read lets the state go.
   * @throws {QueryInvalidError} @throws {TooManySnapshotsError}
   */
  export(
    view: GuardedView,
    query: string,
    signal: AbortSignal,
    before?: BeforeRead,
  ): Promise<AsyncGenerator<readonly string[]>>;
}

export function createReader(options: ReaderOptions): Reader {
  const { indexPrefix, deadlineMs, clock, mostSnapshots } = options;
  const aliasOf = (view: ServedView): string => `${indexPrefix}${view.name}`;
  const now = (): number => clock.now().getTime();
  const snapshots = new Snapshots({ index: options.index, clock, most: mostSnapshots });
  const index = guardedIndex(options.index);
  const reading = { ...options, index, snapshots };
  const ownWrites = new OwnWrites(options.freshness ?? unknownFreshness, new Refreshes(options.index));
  return {
    begin: (view, asked, by, signal) =>
      ownWrites.read({ view: view.name, alias: aliasOf(view), asked, by, signal }),
    list: (view, query, signal, before) =>
      readPage(reading, aliasOf(view), view, askedByQuery(query), signal, before),
    search: (view, body, signal, before) =>
      readPage(reading, aliasOf(view), view, askedByBody(body), signal, before),
    async get(view, id, signal, before = noWait) {
      return index.get(aliasOf(view), view, id, { signal, deadlineMs, ...(await before()) });
    },
    export: (view, query, signal, before) => beginExport(reading, aliasOf(view), view, query, signal, before),
    async batch(view, body, signal, before = noWait) {
      const ids = understood(parseBatch(body));
      const how = await before();
      const found =
        ids.length === 0
          ? new Map<string, StoredDocument>()
          : await index.getMany(aliasOf(view), view, ids, { signal, deadlineMs, ...how });
      return {
        documents: ids.flatMap((id) => found.get(id)?.source ?? []),
        missing: ids.filter((id) => !found.has(id)),
      };
    },
    async suggest(view, query, signal, before = noWait) {
      const request = understood(parseSuggest(query, view, now()));
      const how = await before();
      return index.suggest(aliasOf(view), view, request, { signal, deadlineMs, ...how });
    },
    async stats(view, query, signal, before = noWait) {
      const request = understood(parseStats(query, view, now()));
      const how = await before();
      const answer = await index.stats(aliasOf(view), view, request, { signal, deadlineMs, ...how });
      return { ...answer, metrics: request.metrics };
    },
  };
}
