export { append, defaultMaxEventBytes, type AppendOptions, type NewEvent } from './append.js';
export {
  discardDeadLetters,
  listDeadLetters,
  retryDeadLetters,
  type DeadLetterChoice,
  type OutboxDeadLetter,
} from './dead-letters.js';
export { EventRefusedError, type EventContract } from './encode-event.js';
export { countInOutbox, eraseFromOutbox, type OutboxTraces } from './erase.js';
export { oldestOutboxRow } from './oldest-row.js';
export { pauseRelay, readRelayControl, resumeRelay, type RelayPause } from './relay/control.js';
export { readOutboxState, type OutboxState, type RelayProcess } from './outbox-state.js';
export { noMetrics as noRelayMetrics, type RelayMetrics } from './relay/metrics.js';
export { startRelay, type Relay, type RelayOptions, type RelayState } from './relay/relay.js';
export type {
  ComparedSource,
  CurrentAggregate,
  PublishedSource,
  RowsInSql,
} from './resync/published-source.js';
export { startResync, type Resync, type ResyncOptions } from './resync/resync.js';
export { outboxTables } from './tables.js';
export {
  inTransaction,
  TransactionConflictError,
  type Transaction,
  type TransactionOptions,
} from './transaction.js';
