export {
  append,
  defaultMaxEventBytes,
  EventRefusedError,
  type AppendOptions,
  type EventContract,
  type NewEvent,
} from './append.js';
export {
  discardDeadLetters,
  listDeadLetters,
  retryDeadLetters,
  type DeadLetterChoice,
  type OutboxDeadLetter,
} from './dead-letters.js';
export { oldestOutboxRow } from './oldest-row.js';
export type { RelayMetrics } from './relay/metrics.js';
export { startRelay, type Relay, type RelayOptions, type RelayState } from './relay/relay.js';
export { outboxTables } from './tables.js';
export {
  inTransaction,
  TransactionConflictError,
  type Transaction,
  type TransactionOptions,
} from './transaction.js';
