import { setTimeout as delay } from 'node:timers/promises';
import { backoffDelay, PrejoinError, RolledBackError, type Backoff } from '#kernel';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { faultOf, onConnection, sendAhead, type OpenTransaction } from './open-transaction.js';

declare const insideTransaction: unique symbol;

/**
 * The EntityManager of an open transaction. `inTransaction` is the only maker, so whatever takes a `Transaction` (append
 * above all) can not be called with a manager that commits by itself.
 */
export type Transaction = EntityManager & { readonly [insideTransaction]: true };

/** The transaction lost against others every time that it was tried. */
export class TransactionConflictError extends PrejoinError {
  constructor(attempts: number, cause: unknown) {
    super('transaction_conflict', `The transaction conflicted with others in each of ${attempts} attempts.`, {
      cause,
      remedy:
        'Send the command again; if it persists, look for transactions that lock the same rows in different orders.',
    });
  }
}

export interface TransactionOptions {
  /** How often the work is run before a conflict is given up. */
  readonly attempts?: number;
  readonly retry?: Backoff;
}

/** An event was appended under an epoch that is not its source's any more. The work does it again under the new one. */
export class EpochRaisedError extends PrejoinError {
  constructor(source: string, cause: unknown) {
    super('epoch_raised', `The epoch of ${source} was raised while an event was appended.`, { cause });
  }
}

/**
 * Runs `work` in a transaction of its own (READ COMMITTED) and commits when it resolves, or rolls back when it rejects.
 * Its first statement goes out with the BEGIN, and COMMIT goes out without waiting for events that were appended: the
 * server rolls back instead when one of those failed, and this rejects with that fault.
 *
 * A serialization failure (40001), a deadlock (40P01) or an epoch that was raised meanwhile rolls back and runs `work`
 * again, so `work` may have no effect outside of `tx`. A COMMIT whose answer is lost is not repeated: whether it happened
 * is not known.
 * @throws {TransactionConflictError} when every attempt conflicted; {RolledBackError} when `work` kept a
 *   statement's fault to itself; anything else that `work` throws is passed on
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (tx: Transaction) => Promise<T>,
  { attempts = 5, retry = { baseMs: 20, maxMs: 500 } }: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const runner = dataSource.createQueryRunner();
    try {
      return await onConnection(runner, (transaction) => runOnce(runner, transaction, work));
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (attempt >= attempts) throw new TransactionConflictError(attempts, error);
      await delay(backoffDelay(retry, attempt));
    }
  }
}

async function runOnce<T>(
  runner: QueryRunner,
  transaction: OpenTransaction,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const { connection } = transaction;
  let result: T;
  try {
    await begin(runner, transaction);
    // The brand exists for the compiler only; this is the one place that gives it.
    result = await work(runner.manager as Transaction);
  } catch (error) {
    // What work threw is told, also if this fails: then the connection is lost, and the transaction with it.
    await Promise.allSettled([connection.query('ROLLBACK')]);
    const first = hasSqlState(error, inFailedTransaction) ? await faultOf(transaction) : undefined;
    throw first ?? error;
  }
  // Only this answer tells what became of it. An event whose insert failed before a savepoint that was returned to is
  // no reason to call a commit a failure; and one that failed is none to run again what may have been committed.
  const { command } = await connection.query('COMMIT');
  if (command === 'COMMIT') return result;
  throw (await faultOf(transaction)) ?? new RolledBackError();
}

/**
 * TypeORM's own way waits for the answer. Its runner is told what it would have noted itself: that statements find a
 * transaction, and that one inside of it is a savepoint.
 */
function begin(runner: QueryRunner, transaction: OpenTransaction): Promise<void> {
  Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
  return sendAhead(transaction, 'BEGIN');
}

/** Runs `work` in a transaction that sees one snapshot, locks no rows and may not write. */
export function inSnapshot<T>(dataSource: DataSource, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return dataSource.transaction('REPEATABLE READ', async (manager) => {
    await manager.query('SET TRANSACTION READ ONLY');
    return work(manager as Transaction);
  });
}

const conflictCodes: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const inFailedTransaction: ReadonlySet<unknown> = new Set(['25P02']);

function isConflict(error: unknown): boolean {
  return error instanceof EpochRaisedError || hasSqlState(error, conflictCodes);
}

/** Whether the server ended it with one of `codes`. Looks through the causes, since what threw may have wrapped it. */
export function hasSqlState(error: unknown, codes: ReadonlySet<unknown>): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && codes.has(current.code)) return true;
    if (
      'driverError' in current &&
      current.driverError !== current &&
      hasSqlState(current.driverError, codes)
    )
      return true;
  }
  return false;
}
