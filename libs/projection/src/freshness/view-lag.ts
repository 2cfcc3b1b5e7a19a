import type { Pool } from 'pg';
import { ALIVE_SECONDS } from '../activity/processes.js';
import { priorityNumber, type Priority } from '../marks/priority.js';

/** How old the oldest change is that the documents lack, in milliseconds. */
export interface ViewLag {
  /** Views that nothing waits for are not in it. */
  readonly waiting: ReadonlyMap<string, number>;
  /**
   * Every view lacks as much at least: 0 while a projector is alive, else the time since the last one was seen, as nobody
   * knows what came since; null when none ever was.
   */
  readonly atLeast: number | null;
}

/** The lag of one view; null is unknown. */
export function lagOf({ waiting, atLeast }: ViewLag, view: string): number | null {
  const waits = waiting.get(view);
  return waits === undefined ? atLeast : Math.max(waits, atLeast ?? 0);
}

/** So many of the oldest rows of each queue are looked at: a backlog of any size is looked at in no time. */
const LOOKED_AT = 5_000;

interface LagRow {
  /** Null is every view. */
  readonly view: string | null;
  readonly ms: number | null;
}

/**
 * The lag of every view, from when its oldest change occurred; where that is not known, and for clocks that run ahead,
 * from when it was noted. What the projector has not received yet is not in it.
 *
 * Behind a longer backlog than is looked at, a view that shows in none of it counts as the youngest row that was looked
 * at: more than it may lack, and never less.
 */
export async function viewLag(pool: Pool): Promise<ViewLag> {
  const { rows } = await pool.query<LagRow>(lagSql);
  const waiting = rows.flatMap(({ view, ms }) => (view === null || ms === null ? [] : [[view, ms] as const]));
  return { waiting: new Map(waiting), atLeast: rows.find(({ view }) => view === null)?.ms ?? null };
}

const lagSql = `
  WITH
    live AS MATERIALIZED (SELECT view, index_name FROM generation WHERE state = 'live'),
    queue (name, view, at, noted, counts) AS (
      ${[marks('direct'), marks('bulk'), changedKeys('fan_out', 'seq'), changedKeys('fan_out_job', 'id')]
        .join(`
      UNION ALL
      `)}
    ),
    behind (at) AS (SELECT max(noted) FROM queue GROUP BY name HAVING count(*) = ${LOOKED_AT}),
    oldest (view, at) AS (
      SELECT view, at FROM queue WHERE counts
      UNION ALL
      SELECT live.view, behind.at FROM live CROSS JOIN behind
    ),
    seen (at) AS (SELECT coalesce((SELECT max(seen_at) FROM process), (SELECT max(at) FROM activity)))
  SELECT view, ${msSince('min(at)')} AS ms FROM oldest GROUP BY view
  UNION ALL
  SELECT NULL, CASE WHEN ${msSince('at')} <= ${ALIVE_SECONDS * 1_000} THEN 0 ELSE ${msSince('at')} END
  FROM seen WHERE at IS NOT NULL`;

/** Marks for a generation that nobody reads are not counted. */
function marks(priority: Priority): string {
  return `(SELECT '${priority}', view, least(occurred_at, created_at), created_at,
              index_name IS NULL OR index_name IN (SELECT index_name FROM live)
       FROM mark WHERE priority = ${priorityNumber[priority]} ORDER BY seq LIMIT ${LOOKED_AT})`;
}

function changedKeys(table: 'fan_out' | 'fan_out_job', order: 'seq' | 'id'): string {
  return `(SELECT '${table}', route ->> 'view', least(occurred_at, created_at), created_at, true
       FROM ${table} ORDER BY ${order} LIMIT ${LOOKED_AT})`;
}

function msSince(time: string): string {
  return `greatest(0, extract(epoch FROM clock_timestamp() - ${time}) * 1000)::float8`;
}
