import type { Pool, PoolClient } from 'pg';

/** Who paused the relays of an outbox, and when. */
export interface RelayPause {
  readonly since: Date;
  readonly by: string;
}

/**
 * Pauses all relays of this outbox. When it resolves, nothing more is claimed; a batch that is on its way ends. Commands
 * go on, and their events wait. Repeating it changes nothing: who paused first is returned.
 */
export async function pauseRelay(pool: Pool, by: string): Promise<RelayPause> {
  await pool.query('INSERT INTO outbox_control (paused_by) VALUES ($1) ON CONFLICT (single) DO NOTHING', [
    by,
  ]);
  return (await readRelayControl(pool)) ?? pauseRelay(pool, by);
}

/** Ends a pause and returns what it was, or null if there was none. Relays go on within about a second. */
export async function resumeRelay(pool: Pool): Promise<RelayPause | null> {
  const { rows } = await pool.query<RelayPause>(
    'DELETE FROM outbox_control RETURNING paused_since AS since, paused_by AS by',
  );
  return rows[0] ?? null;
}

/** The pause of this outbox's relays, or null when they are not paused. */
export async function readRelayControl(pool: Pool | PoolClient): Promise<RelayPause | null> {
  const { rows } = await pool.query<RelayPause>(
    'SELECT paused_since AS since, paused_by AS by FROM outbox_control',
  );
  return rows[0] ?? null;
}
