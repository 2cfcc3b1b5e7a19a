import { setTimeout as delay } from 'node:timers/promises';
import { backoffDelay, PrejoinError, type Backoff } from '#kernel';
import type { ClientBase } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

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

/**
 * Runs `work` in a transaction of its own (READ COMMITTED) and commits when it resolves, or rolls back when it rejects.
 *
 * A serialization failure (40001) or a deadlock (40P01) rolls back and runs `work` again, so `work` may have no effect
 * outside of `tx`. A COMMIT whose answer is lost is not repeated: whether it happened is not known.
 * @throws {TransactionConflictError} when every attempt conflicted; anything else that `work` throws is passed on
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (tx: Transaction) => Promise<T>,
  { attempts = 5, retry = { baseMs: 20, maxMs: 500 } }: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // The brand exists for the compiler only; this is the one place that gives it.
      return await dataSource.transaction((manager) => work(manager as Transaction));
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (attempt >= attempts) throw new TransactionConflictError(attempts, error);
      await delay(backoffDelay(retry, attempt));
    }
  }
}

/** The driver's own connection that the open transaction is on: for a statement that TypeORM has no way to express. */
export async function connectionOf({ queryRunner }: Transaction): Promise<ClientBase> {
  // TypeORM says `any`, since every kind of database has another one; all services' are PostgreSQL's.
  return queryRunner!.connect() as Promise<ClientBase>;
}

/** Runs `work` in a transaction that sees one snapshot, locks no rows and may not write. */
export function inSnapshot<T>(dataSource: DataSource, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return dataSource.transaction('REPEATABLE READ', async (manager) => {
    await manager.query('SET TRANSACTION READ ONLY');
    return work(manager as Transaction);
  });
}

const conflictCodes: ReadonlySet<unknown> = new Set(['40001', '40P01']);

function isConflict(error: unknown): boolean {
  return hasSqlState(error, conflictCodes);
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
