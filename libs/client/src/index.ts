/**
 * The typed client of the query API: createClient, then view(orderSearch) for search, get, export and figures. It runs
 * wherever there is `fetch`; of the other libs it needs types only.
 */
export { createClient, type Client, type ClientOptions } from './client.js';
export type { ViewClient } from './view-client.js';
export type { ReadOptions, RequestHeaders } from './transport.js';
export type { GetOptions } from './get.js';
export type {
  Batch,
  FirstPage,
  Found,
  Freshness,
  Page,
  RangesFacet,
  Stats,
  StatsGroup,
  Suggestions,
  Unchanged,
  ValuesFacet,
} from './answers.js';
export type { Distance, Filter, Near } from './filter.js';
export type { Selected } from './fields.js';
export type {
  Facet,
  Grouping,
  Interval,
  SearchQuery,
  Selecting,
  Sort,
  StatsQuery,
  SuggestQuery,
  Totals,
} from './query.js';
export {
  AnswerInvalidError,
  ClientError,
  ConnectionLostError,
  ReadTimeoutError,
  RefusedError,
  ServerFaultError,
  UnavailableError,
  WritesMalformedError,
  type RequestFault,
} from './errors.js';
