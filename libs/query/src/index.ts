export { QueryInvalidError, type FaultCode, type QueryFault } from './faults.js';
export { GuardMissingError, GuardUnresolvedError } from './guard/errors.js';
export {
  guardedView,
  type Guarded,
  type GuardedOf,
  type GuardedValue,
  type GuardedView,
} from './guard/guarded-view.js';
export { askedAfter, LONGEST_WAIT_S, type AfterHeaders, type AskedAfter } from './freshness/asked-after.js';
export type { AnswerFreshness, AskedInclusion, Freshness, Inclusion } from './freshness/freshness.js';
export { lagCache, type LagCacheOptions } from './freshness/lag-cache.js';
export type { BeforeRead, FreshRead, ReadBy, ReadState } from './freshness/own-writes.js';
export type { Page } from './list.js';
export { limits } from './parse/limits.js';
export { parseQuery, type ListQuery, type Parsed } from './parse/parse.js';
export { createReader, type Batch, type Reader, type Stats } from './reader.js';
export type { ReaderOptions } from './reading.js';
export { servedView, type ServedView, type Serving } from './served-view.js';
export { TooManySnapshotsError } from './snapshots.js';
