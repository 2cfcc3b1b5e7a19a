import type { ClientBase, Pool } from 'pg';
import { messageOf, sleep, type Logger } from '#kernel';
import { withClient } from '../revision/client.js';
import type { ActivityCounts } from './activity-counts.js';
import { BEAT_EVERY_MS, noteProcess, type ProcessDescription } from './processes.js';
import { noteActivity } from './view-activity.js';

export interface HeartbeatOptions {
  /** Of its own, with one connection: a beat that has to wait must not take a connection from the work. */
  readonly pool: Pool;
  readonly process: ProcessDescription;
  readonly counts: ActivityCounts;
  readonly logger: Logger;
  readonly everyMs?: number;
}

export interface Heartbeat {
  /** Takes the process off the list. Waits no longer than about two seconds. */
  close(): Promise<void>;
}

const STATEMENT_MS = 2_000;
const CLOSE_MS = 2_000;
/** Old rows are looked for once in so many beats. */
const TIDY_EVERY = 12;

/**
 * Tells the database now and then that this process is there and what it built. Nothing waits for it: a beat that fails
 * is said once, what it had counted is given up, and the next one tries again.
 */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const stop = new AbortController();
  const beating = beatOn(options, stop.signal);
  return {
    close: async () => {
      stop.abort();
      const done = new AbortController();
      const leaving = beating.then(() => leave(options)).finally(() => done.abort());
      await Promise.race([leaving, sleep(CLOSE_MS, done.signal)]);
    },
  };
}

async function beatOn(options: HeartbeatOptions, stop: AbortSignal): Promise<void> {
  const { logger, counts, everyMs = BEAT_EVERY_MS } = options;
  let failing = false;
  for (let beats = 0; !stop.aborted; beats++) {
    try {
      await beat(options, beats % TIDY_EVERY === 0);
      if (failing) logger.info('The heartbeat can be written again');
      failing = false;
    } catch (error) {
      // What could not be written would count as of the time at which it can be.
      counts.take();
      if (!failing)
        logger.warn(
          { reason: messageOf(error) },
          'The heartbeat could not be written: prejoin status does not see this process. Its work goes on.',
        );
      failing = true;
    }
    await sleep(everyMs, stop);
  }
}

function beat({ pool, process, counts }: HeartbeatOptions, tidy: boolean): Promise<void> {
  return inShortTransaction(pool, async (client) => {
    await noteProcess(client, process);
    await noteActivity(client, process.id, counts.take());
    if (tidy) for (const sql of TIDY) await client.query(sql);
  });
}

/** Rows that another process deletes just now are left to it, so that no two wait for each other. */
const TIDY = [
  `DELETE FROM process WHERE id = ANY (ARRAY(
     SELECT id FROM process WHERE seen_at < now() - interval '1 day' FOR UPDATE SKIP LOCKED))`,
  `DELETE FROM activity WHERE seq = ANY (ARRAY(
     SELECT seq FROM activity WHERE at < now() - interval '15 minutes' FOR UPDATE SKIP LOCKED))`,
];

async function leave({ pool, process, logger }: HeartbeatOptions): Promise<void> {
  try {
    await inShortTransaction(pool, async (client) => {
      await client.query('DELETE FROM process WHERE id = $1', [process.id]);
    });
  } catch (error) {
    logger.debug({ reason: messageOf(error) }, 'The process could not be taken off the list');
  }
}

/** Without waiting for the disk: after a crash of the server a beat may be missing, and the next one tells the same. */
function inShortTransaction(pool: Pool, work: (client: ClientBase) => Promise<void>): Promise<void> {
  return withClient(pool, async (client) => {
    await client.query(
      `BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = ${STATEMENT_MS}`,
    );
    await work(client);
    await client.query('COMMIT');
  });
}
