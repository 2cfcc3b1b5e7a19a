import type { Pool } from 'pg';
import { oldestOutboxRow } from './oldest-row.js';
import { readRelayControl, type RelayPause } from './relay/control.js';

/** A relay that wrote that it is alive: seen lately, or killed within the last day. */
export interface RelayProcess {
  readonly host: string;
  readonly pid: number;
  /** What it did when it was seen last: `open`, `paused`, `blocked`, … */
  readonly state: string;
  readonly startedAt: Date;
  /** How long ago it was seen, in seconds, by the database's clock. */
  readonly silentSeconds: number;
  readonly alive: boolean;
}

/** One outbox as it is now. */
export interface OutboxState {
  readonly waiting: number;
  /** How long the oldest unsent event has waited, in seconds; null when none waits. */
  readonly oldestSeconds: number | null;
  /** Events that may be what closed a channel, and are sent alone. */
  readonly suspects: number;
  readonly deadLetters: number;
  readonly paused: RelayPause | null;
  readonly relays: readonly RelayProcess[];
}

/** Relays write about every five seconds; two beats may be late. */
const ALIVE_SECONDS = 16;

/** Reads what is in the outbox and who empties it. It counts all rows. */
export async function readOutboxState(pool: Pool): Promise<OutboxState> {
  const counted = await pool.query<Pick<OutboxState, 'waiting' | 'suspects' | 'deadLetters'>>(
    `SELECT count(*)::int AS waiting, (count(*) FILTER (WHERE suspect))::int AS suspects,
            (SELECT count(*)::int FROM outbox_dead_letter) AS "deadLetters"
     FROM outbox`,
  );
  const relays = await pool.query<RelayProcess>(
    `SELECT host, pid, state, started_at AS "startedAt", silent AS "silentSeconds", silent <= ${ALIVE_SECONDS} AS alive
     FROM relay_process,
          LATERAL (SELECT greatest(0, extract(epoch FROM clock_timestamp() - seen_at))::float8 AS silent) AS since
     ORDER BY started_at, process`,
  );
  return {
    ...(counted.rows[0] ?? { waiting: 0, suspects: 0, deadLetters: 0 }),
    oldestSeconds: await oldestOutboxRow(pool),
    paused: await readRelayControl(pool),
    relays: relays.rows,
  };
}
