import type { AnyView, FieldsOf } from '#views';
import type { Batch, FirstPage, Freshness, Page, Stats, Suggestions } from './answers.js';
import { bodyOf, queryStringOf, type Asked } from './encode.js';
import type { NumberPath, OrderedPath, SelectPath, Selected } from './fields.js';
import type { Filter } from './filter.js';
import { getIn, type Get } from './get.js';
import { getMany } from './get-many.js';
import { jsonLines } from './lines.js';
import type { Facet, Grouping, SearchQuery, Selecting, StatsQuery, SuggestQuery, Totals } from './query.js';
import { readJson, type ReadOptions, type Transport, type ViewReads } from './transport.js';
import type { Writes } from './writes.js';

/**
 * Reads one view. Fields, filters, sorts, facets and documents are checked by the compiler against the declaration of
 * the view; everything rejects with a `ClientError`, or with the reason of `signal` when that ends it.
 */
export interface ViewClient<in out V extends AnyView> {
  readonly name: V['name'];

  /** A page of what matches: the first, or a numbered one. */
  search<
    const W extends Filter<FieldsOf<V>>,
    const S extends SelectPath<FieldsOf<V>> = never,
    const A extends Facet<FieldsOf<V>> = never,
    const T extends Totals = 'estimate',
  >(
    query?: SearchQuery<V, W, S, A, T>,
    options?: ReadOptions,
  ): Promise<FirstPage<V, S, A, T>>;

  /**
   * The page at a cursor (`next` of the page before). A cursor belongs to one query: with another the server refuses it
   * (`cursor_mismatch`). One of a snapshot that has run out is refused with status 410.
   */
  after<
    const W extends Filter<FieldsOf<V>>,
    const S extends SelectPath<FieldsOf<V>> = never,
    const A extends Facet<FieldsOf<V>> = never,
    const T extends Totals = 'estimate',
  >(
    cursor: string,
    query?: SearchQuery<V, W, S, A, T>,
    options?: ReadOptions,
  ): Promise<Page<V, S, T>>;

  /** Page after page, each asked for when it is wanted. */
  pages<
    const W extends Filter<FieldsOf<V>>,
    const S extends SelectPath<FieldsOf<V>> = never,
    const A extends Facet<FieldsOf<V>> = never,
    const T extends Totals = 'estimate',
  >(
    query?: SearchQuery<V, W, S, A, T>,
    options?: ReadOptions,
  ): AsyncGenerator<Page<V, S, T>, void>;

  /** Document after document, in pages of 100 unless `limit` says otherwise. */
  each<const W extends Filter<FieldsOf<V>>, const S extends SelectPath<FieldsOf<V>> = never>(
    query?: SearchQuery<V, W, S, never, Totals>,
    options?: ReadOptions,
  ): AsyncGenerator<Selected<V, S>, void>;

  /**
   * All that matches, of one state, as one stream: for many documents. It is read at the pace of the caller, and ended
   * when the caller stops. A stream that breaks off rejects (`connection_lost`), so that its end is the end.
   */
  export<const W extends Filter<FieldsOf<V>>, const S extends SelectPath<FieldsOf<V>> = never>(
    query?: Selecting<V, W, S>,
    options?: ReadOptions,
  ): AsyncGenerator<Selected<V, S>, void>;

  /** The document of this id, or null. With `ifNoneMatch`, only when it is not that revision any more. */
  readonly get: Get<V>;

  /** The documents of these ids, as many as there are: asked for in batches of 100. */
  getMany(ids: readonly string[], options?: ReadOptions): Promise<Batch<V>>;

  /** The values of a field that begin with a text, the most frequent first, each with its number of documents. */
  suggest<const W extends Filter<FieldsOf<V>>>(
    query: SuggestQuery<V, W>,
    options?: ReadOptions,
  ): Promise<Suggestions>;

  /** Figures of fields, of all that matches or by groups. */
  stats<
    const W extends Filter<FieldsOf<V>>,
    const By extends Grouping<FieldsOf<V>> = never,
    const Sum extends NumberPath<FieldsOf<V>> = never,
    const Avg extends NumberPath<FieldsOf<V>> = never,
    const Min extends OrderedPath<FieldsOf<V>> = never,
    const Max extends OrderedPath<FieldsOf<V>> = never,
  >(
    query?: StatsQuery<V, W, By, Sum, Avg, Min, Max>,
    options?: ReadOptions,
  ): Promise<Stats<V, By, Sum, Avg, Min, Max>>;

  /** The writes of this client that no search of this view is known to contain yet, as commands told them. */
  pendingWrites(): readonly string[];
}

export function viewClient<V extends AnyView>(
  transport: Transport,
  writes: Writes,
  name: V['name'],
): ViewClient<V> {
  const view = { transport, name };
  return {
    name,
    search: (query = {}, options = {}) => page(view, query, options),
    after: (cursor, query = {}, options = {}) => page(view, { ...query, cursor }, options),
    pages: (query = {}, options = {}) => pages(view, query, options),
    each: (query = {}, options = {}) =>
      documents(pages(view, { ...query, limit: query.limit ?? 100 }, options)),
    export: (query = {}, options = {}) =>
      exported(
        transport.stream(
          { view: name, by: 'search' as const, path: '/_export', query: queryStringOf(query) },
          options,
        ),
      ),
    get: getIn<V>(view),
    getMany: (ids, options = {}) => getMany<V>(view, ids, options),
    suggest: (query, options = {}) => figures(view, '/_suggest', query, options),
    stats: (query = {}, options = {}) => figures(view, '/_stats', query, options),
    pendingWrites: () => writes.pendingFor(name, 'search'),
  };
}

/** What of an answer is looked at here; the rest is for the caller. */
interface Fresh {
  readonly freshness: Freshness;
}
interface AnyPage extends Fresh {
  readonly next: string | null;
}
interface PageOf<D> extends AnyPage {
  readonly data: readonly D[];
}

/** By POST, which has room for any query; numbered pages and snapshots are asked for by GET. */
function page<P extends AnyPage>(
  { transport, name }: ViewReads,
  query: Asked,
  options: ReadOptions,
): Promise<P> {
  const read =
    query.page === undefined && query.snapshot === undefined
      ? { view: name, by: 'search' as const, path: '/_search', body: bodyOf(query) }
      : { view: name, by: 'search' as const, path: '', query: queryStringOf(query) };
  return transport.read(read, options, (response) => readJson<P>(response));
}

async function* pages<P extends AnyPage>(
  view: ViewReads,
  query: Asked,
  options: ReadOptions,
): AsyncGenerator<P, void> {
  let current = await page<P>(view, query, options);
  yield current;
  // The cursor knows its query, and stands alone.
  while (current.next !== null) {
    current = await page<P>(view, { cursor: current.next }, options);
    yield current;
  }
}

async function* documents<D>(of: AsyncIterable<PageOf<D>>): AsyncGenerator<D, void> {
  for await (const { data } of of) yield* data;
}

async function* exported<D>(parts: AsyncIterable<string>): AsyncGenerator<D, void> {
  for await (const document of jsonLines(parts)) yield document as D;
}

function figures<P extends Fresh>(
  { transport, name }: ViewReads,
  path: string,
  query: Asked,
  options: ReadOptions,
): Promise<P> {
  const read = { view: name, by: 'search' as const, path, query: queryStringOf(query) };
  return transport.read(read, options, (response) => readJson<P>(response));
}
