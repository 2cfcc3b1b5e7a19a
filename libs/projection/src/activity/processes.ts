import type { ClientBase, Pool } from 'pg';

/** What a projector process says of itself. */
export interface ProcessDescription {
  readonly id: string;
  readonly role: string;
  readonly host: string;
  readonly pid: number;
  readonly release: string;
  /** The fingerprints of the plans that its code declares, by view. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** The keys of the compute functions that it has. */
  readonly computes: readonly string[];
}

export interface ProjectorProcess extends ProcessDescription {
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** How long ago it was seen last, in seconds, by the database's clock. */
  readonly silentSeconds: number;
  /** Whether it was seen recently: a process that was killed leaves its row, and one that stopped takes it away. */
  readonly alive: boolean;
}

export const BEAT_EVERY_MS = 5_000;
/** Two beats may be late before a process counts as gone. */
export const ALIVE_SECONDS = (3 * BEAT_EVERY_MS) / 1_000 + 1;

/** Says that the process is there. In the caller's transaction. */
export async function noteProcess(client: ClientBase, process: ProcessDescription): Promise<void> {
  await client.query(
    `INSERT INTO process (id, role, host, pid, release, fingerprints, computes)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET seen_at = now()`,
    [
      process.id,
      process.role,
      process.host,
      process.pid,
      process.release,
      JSON.stringify(process.fingerprints),
      process.computes,
    ],
  );
}

/** All processes that were seen within a day, the one that was started first at the top. */
export async function readProcesses(pool: Pool): Promise<readonly ProjectorProcess[]> {
  const { rows } = await pool.query<ProjectorProcess>(
    `SELECT id, role, host, pid, release, fingerprints, computes, started_at AS "startedAt", seen_at AS "seenAt",
            silent AS "silentSeconds", silent <= ${ALIVE_SECONDS} AS alive
     FROM process,
          LATERAL (SELECT greatest(0, extract(epoch FROM clock_timestamp() - seen_at))::float8 AS silent) AS since
     ORDER BY started_at, id`,
  );
  return rows;
}
