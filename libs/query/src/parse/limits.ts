/** Every limit of the grammar, so that no request can hurt. Each is a 400 that names it. */
export const limits = {
  /** Documents on a page, and its default. */
  page: 100,
  pageDefault: 20,
  /** A numbered page makes the server collect all hits before it; past this, the cursor is there. */
  deepestHit: 1_000,
  /** Characters. Proxies and HTTP servers end a request line at 8 KiB and less. */
  query: 4_000,
  /** Characters of a search's JSON without its cursor, and of a body with it. */
  search: 16_000,
  body: 48_000,
  /** Each parameter is work for parser and server; a form with more fields than this is none that people fill. */
  parameters: 100,
  /** Conditions, and levels of `and`, `or` and `not`, of a `where`. */
  conditions: 100,
  depth: 8,
  /** Elasticsearch takes more, but a list of values this long is a join done by hand. */
  values: 200,
  value: 1_000,
  /** Characters and words of `q`. */
  text: 256,
  words: 32,
  sortKeys: 5,
  paths: 100,
  facets: 20,
  /** Groups of one facet, and its default; of all facets of a request; ranges of one facet. */
  buckets: 500,
  bucketsDefault: 10,
  /** Of a date, the latest: a year of days. */
  intervals: 366,
  bucketsInAll: 2_000,
  ranges: 50,
  metrics: 20,
  /** Ids of one batch. */
  batch: 100,
  idBytes: 128,
  suggestions: 100,
  suggestionsDefault: 10,
  prefix: 100,
  /** The search server holds old segments for as long, whether or not anybody comes back. */
  snapshotMs: 10 * 60_000,
} as const;
