import type { PoolClient, QueryConfig } from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';

/** The driver's own connection that a transaction is on, and what was sent on it without waiting for the answer. */
export interface OpenTransaction {
  readonly connection: PoolClient;
  /** The fault of each, once it is answered; undefined for none. */
  readonly sent: Promise<Error | undefined>[];
}

/** By runner, since a transaction inside this one (a savepoint) has a manager of its own, and the same runner. */
const open = new WeakMap<QueryRunner, OpenTransaction>();

/** The open transaction that this manager is in; undefined when it is in none, or its transaction has ended. */
export function openTransactionOf({ queryRunner }: EntityManager): OpenTransaction | undefined {
  return queryRunner && open.get(queryRunner);
}

/** Runs `work` on a connection of its own, as what `openTransactionOf` finds. */
export async function onConnection<T>(
  runner: QueryRunner,
  work: (transaction: OpenTransaction) => Promise<T>,
): Promise<T> {
  try {
    // TypeORM says `any`, since every kind of database has another one; all services' are PostgreSQL's.
    const transaction: OpenTransaction = { connection: (await runner.connect()) as PoolClient, sent: [] };
    open.set(runner, transaction);
    return await work(transaction);
  } finally {
    open.delete(runner);
    await runner.release();
  }
}

/**
 * Sends a statement and does not wait for its answer: if it fails, so do all after it, and COMMIT rolls back. The end of
 * the transaction hears of it. On connections that are not pipelined it is waited for, since they send one at a time.
 *
 * What is sent until the running turn of the event loop is over goes out in one write: on a machine whose loopback costs
 * 40 µs of CPU a write, an insert with the COMMIT behind it costs half.
 */
export async function sendAhead(
  { connection, sent }: OpenTransaction,
  statement: string | QueryConfig,
  refine: (fault: Error) => Error = (fault) => fault,
): Promise<void> {
  const { stream } = connection.connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
  const fault = connection.query(statement).then(
    () => undefined,
    (thrown: unknown) => refine(thrown instanceof Error ? thrown : new Error(String(thrown))),
  );
  sent.push(fault);
  if (connection.pipeline) return;
  const known = await fault;
  if (known !== undefined) throw known;
}

/** The first fault of what was sent ahead, once all of it is answered; undefined when there is none. */
export async function faultOf({ sent }: OpenTransaction): Promise<Error | undefined> {
  return (await Promise.all(sent)).find((fault) => fault !== undefined);
}
