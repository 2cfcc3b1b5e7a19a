import type { Pool } from 'pg';
import { startBuilder, type BuilderOptions } from '../build/builder.js';
import { keysLeft } from '../fan-out/keys-left.js';
import { startFanOut } from '../fan-out/start-fan-out.js';
import { untilNone, type Left } from '../flow/until-none.js';
import { databaseNow } from '../schema/database-now.js';

export interface WorkOffOptions extends Omit<BuilderOptions, 'only' | 'lanes'> {
  readonly views: readonly string[];
  /** Indices of generations that this process can not write: marks that are for one of them alone are left to others. */
  readonly except: readonly string[];
  /** What does not move until an operator resumes it is not waited for: views, and `fan-out`. */
  readonly paused: readonly string[];
  readonly signal: AbortSignal;
  /** How long nothing may move before it is given up, in milliseconds. */
  readonly stallMs: number;
  readonly onLeft: (left: number) => void;
}

/** What still waits of what waited when it began. */
export interface Waiting {
  /** Changed keys whose documents are not known yet. */
  readonly keys: number;
  /** Documents that are not built yet, by view. */
  readonly marks: ReadonlyMap<string, number>;
}

/**
 * Works off whatever waits for these views now, with workers of its own beside those of projectors, so that it comes to an
 * end when no projector runs. What comes meanwhile is left to them. Answers what could not be worked off: nothing, unless
 * nothing moved for `stallMs` or the signal came.
 *
 * Keys first, and then the marks that were there when the last key was gone: a key becomes marks in one transaction, so
 * none is between the two. What is claimed elsewhere counts until its claim commits, with all that it writes.
 */
export async function workOff(options: WorkOffOptions): Promise<Waiting> {
  const { views, except, paused, pool, logger, onLeft } = options;
  const moving = views.filter((view) => !paused.includes(view));
  const fanOut = startFanOut({ pool, logger });
  const builder = startBuilder({ ...options, only: views, lanes: 1 });
  const told = (left: Left): Left => {
    onLeft(left.count);
    return left;
  };
  try {
    const keysUntil = await databaseNow(pool);
    const countLeft = (): Promise<Left> => keysLeft(pool, views, keysUntil);
    if (!paused.includes('fan-out')) await untilNone(async () => told(await countLeft()), options);
    const { count: keys } = await countLeft();
    const marksUntil = await databaseNow(pool);
    await untilNone(
      async () => told({ count: sum(await countMarks(pool, moving, except, marksUntil)) }),
      options,
    );
    return { keys, marks: await countMarks(pool, views, except, marksUntil) };
  } finally {
    await Promise.all([fanOut.close(), builder.close()]);
  }
}

async function countMarks(
  pool: Pool,
  views: readonly string[],
  except: readonly string[],
  until: string,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ view: string; left: number }>(
    `SELECT view, count(*)::int AS left FROM mark
     WHERE view = ANY($1) AND created_at <= $2::timestamptz AND (index_name IS NULL OR index_name <> ALL($3))
     GROUP BY view`,
    [views, until, except],
  );
  return new Map(rows.map(({ view, left }) => [view, left]));
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}
