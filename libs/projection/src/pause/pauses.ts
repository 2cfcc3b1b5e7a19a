import type { ClientBase, Pool } from 'pg';

/** Work that an operator stopped until it is resumed; what it would work on waits. */
export type Pausable = { readonly kind: 'view'; readonly view: string } | { readonly kind: 'fan-out' };

export interface Pause {
  readonly what: Pausable;
  readonly since: Date;
  readonly by: string;
  readonly reason: string | null;
}

const VIEW = 'view:';
const FAN_OUT = 'fan-out';

/** How a pausable is stored and shown: `view:order-search` or `fan-out`. */
export function pauseKey(what: Pausable): string {
  return what.kind === 'view' ? `${VIEW}${what.view}` : FAN_OUT;
}

/** Pauses it; `fresh` is false when it was paused already, and then the pause that there is stays as it was. */
export async function pause(
  pool: Pool,
  what: Pausable,
  { by, reason }: { readonly by: string; readonly reason: string | null },
): Promise<{ readonly fresh: boolean; readonly pause: Pause }> {
  const inserted = await pool.query<PauseRow>(
    `INSERT INTO pause (what, by, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING *`,
    [pauseKey(what), by, reason],
  );
  if (inserted.rows[0] !== undefined) return { fresh: true, pause: toPause(what, inserted.rows[0]) };
  const standing = await pool.query<PauseRow>('SELECT * FROM pause WHERE what = $1', [pauseKey(what)]);
  // Resumed by somebody in between: asked for again.
  if (standing.rows[0] === undefined) return pause(pool, what, { by, reason });
  return { fresh: false, pause: toPause(what, standing.rows[0]) };
}

/** Ends the pause; answers what it was, or null when it was not paused. */
export async function resume(pool: Pool, what: Pausable): Promise<Pause | null> {
  const { rows } = await pool.query<PauseRow>('DELETE FROM pause WHERE what = $1 RETURNING *', [
    pauseKey(what),
  ]);
  return rows[0] === undefined ? null : toPause(what, rows[0]);
}

/** All that is paused, the longest first. */
export async function readPauses(pool: Pool | ClientBase): Promise<readonly Pause[]> {
  const { rows } = await pool.query<PauseRow>('SELECT * FROM pause ORDER BY since, what');
  return rows.flatMap((row) => {
    const what = pausableOf(row.what);
    return what === null ? [] : [toPause(what, row)];
  });
}

interface PauseRow {
  readonly what: string;
  readonly since: Date;
  readonly by: string;
  readonly reason: string | null;
}

function toPause(what: Pausable, { since, by, reason }: PauseRow): Pause {
  return { what, since, by, reason };
}

/** Null for what only another release knows how to pause. */
function pausableOf(key: string): Pausable | null {
  if (key === FAN_OUT) return { kind: 'fan-out' };
  return key.startsWith(VIEW) ? { kind: 'view', view: key.slice(VIEW.length) } : null;
}
