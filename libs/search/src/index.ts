export {
  IndexConflictError,
  IndexMissingError,
  SearchCancelledError,
  SearchRefusedError,
  SearchTimeoutError,
  SearchUnavailableError,
} from './errors.js';
export { elasticsearchIndex, type ElasticsearchOptions } from './elasticsearch/elasticsearch-index.js';
export type {
  SearchAnswer,
  SearchHit,
  SearchIndex,
  SearchOptions,
  SearchRequest,
  SearchSort,
  StoredDocument,
  WriteOperation,
  WriteOutcome,
} from './search-index.js';
