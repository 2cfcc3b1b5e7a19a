import type { Pool } from 'pg';
import { PrejoinError } from '#kernel';
import { readGenerations } from '../generations/generation.js';
import { withGenerationLock } from '../generations/generation-lock.js';
import { inTransaction } from '../schema/transaction.js';
import { abandonLocked } from './abandon.js';
import { isHeld } from './lease.js';
import type { RebuildOptions } from './options.js';

/** A rebuild that has not ended. */
export interface RebuildJob {
  readonly view: string;
  readonly generation: number;
  readonly indexName: string;
  /** As far as it came, or `ready`: complete, and waiting for its swap. */
  readonly phase: string;
  /** Who has it, or had it last. */
  readonly holder: string;
  /**
   * `alive`: its session is there; `silent`: it is a process of an earlier release, of which only the lease is known;
   * `gone`: whoever starts the rebuild again goes on with it; `none`: nobody is needed.
   */
  readonly holderState: 'alive' | 'silent' | 'gone' | 'none';
  /** Since when the holder has it, and when its rebuild began. */
  readonly heldSince: Date;
  readonly startedAt: Date;
  /** When its silence would give the rebuild to another. */
  readonly leaseUntil: Date;
  /** Roots scanned, by all its holders, of those that there were when it began. */
  readonly scanned: number;
  readonly total: number;
  readonly ranges: number;
  readonly rangesDone: number;
}

/** The rebuilds that have not ended, by view. */
export async function readRebuilds(pool: Pool): Promise<readonly RebuildJob[]> {
  const { rows } = await pool.query<RebuildJob>(
    `SELECT rebuild.view, rebuild.number AS generation, generation.index_name AS "indexName", phase, holder,
            CASE WHEN phase = 'ready' AND NOT ${isHeld} THEN 'none'
                 WHEN NOT ${isHeld} THEN 'gone'
                 WHEN session_token IS DISTINCT FROM token THEN 'silent'
                 ELSE 'alive' END AS "holderState",
            held_since AS "heldSince", started_at AS "startedAt", lease_until AS "leaseUntil",
            rebuild.scanned::float8 AS scanned, total::float8 AS total,
            count(range.part)::int AS ranges, (count(*) FILTER (WHERE range.done))::int AS "rangesDone"
     FROM rebuild
     JOIN generation USING (view, number)
     LEFT JOIN rebuild_range AS range USING (view, number)
     GROUP BY rebuild.view, rebuild.number, generation.index_name
     ORDER BY rebuild.view, rebuild.number`,
  );
  return rows;
}

/** There is no such job, or it has ended meanwhile. */
export class NoSuchJobError extends PrejoinError {
  constructor(job: string) {
    super('no_such_job', `There is no job ${job}, or it has ended.`, {
      remedy: 'See which there are: npx prejoin jobs list',
    });
  }
}

/**
 * Takes a rebuild away from its holder, and gives it up: its index is dropped, the live one stays as it is. The holder,
 * if it lives, changes nothing any more, and ends as soon as it notices.
 * @throws {NoSuchJobError} when the view is not being rebuilt
 */
export function cancelRebuild(
  options: Pick<RebuildOptions, 'pool' | 'index' | 'indexPrefix' | 'logger' | 'holder'>,
  view: string,
): Promise<{ readonly indexName: string }> {
  const { pool, holder } = options;
  return withGenerationLock(pool, async () => {
    const generation = (await readGenerations(pool, view)).find(({ state }) => state === 'building');
    const taken = await pool.query<{ token: string }>(
      `UPDATE rebuild SET
         holder = $3, phase = 'cancelled', token = token + 1, session_token = NULL, held_since = now(),
         lease_until = now() + interval '1 minute'
       WHERE view = $1 AND number = $2 RETURNING token`,
      [view, generation?.number ?? null, holder],
    );
    const token = taken.rows[0]?.token;
    if (generation === undefined || token === undefined) throw new NoSuchJobError(`rebuild:${view}`);
    await abandonLocked(options, generation, token);
    return { indexName: generation.indexName };
  });
}

/**
 * Deletes a fan-out job. The documents that it has not marked stay as they are: stale, until they are built for another
 * reason or repaired.
 * @throws {NoSuchJobError} when it has ended
 */
export function cancelFanOutJob(
  pool: Pool,
  id: string,
): Promise<{ readonly view: string; readonly done: number; readonly total: number | null }> {
  return inTransaction(pool, async (client) => {
    // Waits for the chunk that runs, and sees what became of the job by then.
    const { rows } = await client.query<{ view: string; done: number; total: number | null }>(
      `DELETE FROM fan_out_job WHERE id = $1
       RETURNING route ->> 'view' AS view, done::float8 AS done, total::float8 AS total`,
      [id],
    );
    const [job] = rows;
    if (job === undefined) throw new NoSuchJobError(`fan-out:${id}`);
    return job;
  });
}
