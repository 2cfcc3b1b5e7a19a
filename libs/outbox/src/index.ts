export {
  append,
  defaultMaxEventBytes,
  EventRefusedError,
  type AppendOptions,
  type EventContract,
  type NewEvent,
} from './append.js';
export { outboxTables } from './tables.js';
export {
  inTransaction,
  TransactionConflictError,
  type Transaction,
  type TransactionOptions,
} from './transaction.js';
