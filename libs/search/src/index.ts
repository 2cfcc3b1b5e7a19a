export {
  IndexConflictError,
  IndexMissingError,
  PointInTimeGoneError,
  SearchCancelledError,
  SearchRefusedError,
  SearchTimeoutError,
  SearchUnavailableError,
} from './errors.js';
export { indexDefinition } from './elasticsearch/mapping.js';
export { memoryIndex } from './memory/memory-index.js';
export type { Circuit } from './elasticsearch/circuit.js';
export {
  elasticsearchIndex,
  type ElasticsearchOptions,
  type ReadingObserver,
} from './elasticsearch/elasticsearch-index.js';
export {
  inspectElasticsearch,
  type InspectedCluster,
  type InspectedDisk,
  type InspectedIndex,
  type Inspector,
} from './elasticsearch/inspect.js';
export type {
  DateGrouping,
  DateInterval,
  FacetAnswer,
  FacetOf,
  FacetRequest,
  Grouping,
  Metric,
  RangeGrouping,
  StatsAnswer,
  StatsGroup,
  StatsRequest,
  SuggestRequest,
  ValueCount,
  ValueGrouping,
  ValueRange,
} from './aggregates.js';
export type {
  KeyRange,
  RevisionPage,
  ScannedDocument,
  ScanPage,
  ScanPosition,
  PointInTime,
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
export { valueAt } from './value-at.js';
