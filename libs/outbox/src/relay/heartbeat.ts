import { hostname } from 'node:os';
import pg, { type Pool } from 'pg';
import { messageOf, newId, sleep, type Logger } from '#kernel';

export interface HeartbeatOptions {
  /** A connection of it is used for a moment at each beat. */
  readonly pool: Pool;
  readonly logger: Logger;
  readonly beatMs: number;
  /** What the relay does at this moment. */
  readonly state: () => string;
}

export interface Heartbeat {
  /** Ends it and takes the row away, so that nobody takes an orderly end for a crash. Waits a second at most. */
  close(): Promise<void>;
}

/** A beat that can not be written within this is left out. */
const lockTimeoutMs = 500;
const statementTimeoutMs = 2_000;
const goodbyeMs = 1_000;

/**
 * Says in the outbox's database that this relay is alive. It is for those who look on: nothing depends on it, the relay
 * never waits for it, and a fault is logged once until a beat succeeds again.
 */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const process = newId();
  const stopping = new AbortController();
  const beating = beatUntil(stopping.signal, process, options);
  return {
    close: async () => {
      stopping.abort();
      const ended = new AbortController();
      const goodbye = beating.then(() => sayGoodbye(process, options)).then(() => ended.abort());
      await Promise.race([goodbye, sleep(goodbyeMs, ended.signal)]);
    },
  };
}

async function beatUntil(stop: AbortSignal, process: string, options: HeartbeatOptions): Promise<void> {
  const { logger, beatMs } = options;
  let failing = false;
  while (!stop.aborted) {
    try {
      await beat(process, options);
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ reason: messageOf(error) }, 'The relay could not write that it is alive');
      failing = true;
    }
    await sleep(beatMs, stop);
  }
}

async function beat(name: string, { pool, state }: HeartbeatOptions): Promise<void> {
  const values = [name, hostname(), `${process.pid}`, state()].map((value) => pg.escapeLiteral(value));
  await briefly(
    pool,
    `INSERT INTO relay_process AS known (process, host, pid, state) VALUES (${values.join(', ')})
     ON CONFLICT (process) DO UPDATE SET seen_at = now(), state = excluded.state;
     -- Those that were killed can not take theirs away; a day is long enough to wonder about them.
     DELETE FROM relay_process WHERE process = ANY (ARRAY(
       SELECT process FROM relay_process WHERE seen_at < now() - interval '1 day' FOR UPDATE SKIP LOCKED))`,
  );
}

async function sayGoodbye(process: string, { pool, logger }: HeartbeatOptions): Promise<void> {
  try {
    await briefly(pool, `DELETE FROM relay_process WHERE process = ${pg.escapeLiteral(process)}`);
  } catch (error) {
    logger.warn({ reason: messageOf(error) }, 'The relay could not write that it has ended');
  }
}

/**
 * Locks and statements end soon, and nobody waits for the disk. All of it is one message, and so one transaction that
 * never waits for this process: parameters would need several.
 */
async function briefly(pool: Pool, statements: string): Promise<void> {
  await pool.query(
    `SET LOCAL lock_timeout = ${lockTimeoutMs}; SET LOCAL statement_timeout = ${statementTimeoutMs};
     SET LOCAL synchronous_commit = off; ${statements}`,
  );
}
