import type { Pool, PoolClient, QueryResult } from 'pg';
import { backoffDelay, checkOut, RolledBackError, sleep } from '#kernel';
import { allEnded } from './all-ended.js';

export interface TransactionOptions {
  /** Told before each repeat, so that no retry is silent. */
  readonly onRetry?: (code: string, attempt: number) => void;
  /** How often the work is tried in all. */
  readonly attempts?: number;
  /** How long the work may leave its transaction alone between two statements, in milliseconds; 0 is for ever. */
  readonly idleMs?: number;
}

/**
 * A process that stands still (stopped, paused with its machine, out of memory) in the middle of a transaction keeps its
 * row locks while its connection lives, which may be for ever: a rebuild that took over was seen to wait for the last
 * chunk of the one before it. The server ends such a session. Longer than the longest pause of a process that is only slow.
 */
const IDLE_MS = 15_000;
/**
 * For work that moves an alias with its row locks held. It must keep them however long it stands still: let go, somebody
 * else would swap, and this one would move the alias back when it wakes up.
 */
export const NO_IDLE_LIMIT = 0;

/** The server ended one of several transactions that could not all go on; the same work may well succeed now. */
const repeatable: ReadonlySet<string> = new Set(['40P01', '40001']);

/** The SQLSTATE of an error that came from the server, else undefined. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/**
 * Runs `work` in one READ COMMITTED transaction whose commit is on disk before this resolves, and repeats it whole
 * after a deadlock or a serialization failure. Its first statement goes out with the BEGIN.
 *
 * READ COMMITTED and `synchronous_commit` are set here and not left to the server's defaults: look-ups need a snapshot
 * per statement, and an acknowledged message must not be lost with the last commits of a crashed server.
 */
export function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const { idleMs = IDLE_MS } = options;
  return repeated(options, () =>
    onConnection(pool, async (client, note) => {
      try {
        const [, result] = await allEnded([begin(client, idleMs), work(client)]);
        mustBeCommitted(await client.query('COMMIT'));
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(note);
        throw error;
      }
    }),
  );
}

/**
 * The same for work that sends all its statements before it first waits for one: the BEGIN, they and the COMMIT go out
 * together, which takes one way to the server and back instead of three and more. What it sends after that is not part of
 * the transaction.
 */
export function inOneGo<T>(
  pool: Pool,
  send: (client: PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const { idleMs = IDLE_MS } = options;
  return repeated(options, () =>
    onConnection(pool, async (client) => {
      // After a statement that failed, the COMMIT is a rollback.
      const [, result, committed] = await allEnded([
        begin(client, idleMs),
        send(client),
        client.query('COMMIT'),
      ]);
      mustBeCommitted(committed);
      return result;
    }),
  );
}

async function repeated<T>(
  { onRetry, attempts = 10 }: TransactionOptions,
  once: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once();
    } catch (error) {
      const code = sqlState(error);
      if (code === undefined || !repeatable.has(code) || attempt >= attempts) throw error;
      onRetry?.(code, attempt);
      await sleep(backoffDelay({ baseMs: 10, maxMs: 500 }, attempt));
    }
  }
}

function begin(client: PoolClient, idleMs: number): Promise<unknown> {
  return client.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on;
     SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(idleMs)}`,
  );
}

/** PostgreSQL answers the COMMIT of a transaction in which a statement failed by rolling back, and calls that no error. */
function mustBeCommitted({ command }: QueryResult): void {
  if (command !== 'COMMIT') throw new RolledBackError();
}

/** Runs `work` on a connection of its own; `note` tells that its state is not known any more. */
async function onConnection<T>(
  pool: Pool,
  work: (client: PoolClient, note: (fault: unknown) => void) => Promise<T>,
): Promise<T> {
  let broken: Error | undefined;
  const note = (fault: unknown): void => {
    broken ??= fault instanceof Error ? fault : new Error(String(fault));
  };
  // The next query on it reports the loss.
  const client = await checkOut(pool, note);
  try {
    return await work(client, note);
  } finally {
    client.off('error', note);
    // A connection of unknown state is closed instead of going back to the pool.
    client.release(broken);
  }
}
