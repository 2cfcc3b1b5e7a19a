import type { ClientBase, Pool } from 'pg';
import { messageOf, type Logger } from '#kernel';
import type { Generation } from '../generations/generation.js';
import { RebuildLeaseLostError } from './errors.js';

export interface LeaseOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly leaseMs: number;
}

/**
 * The right to go on with one rebuild. Every take-over raises the token, and every write of a holder names its token:
 * a process that slept through the end of its lease is refused by the row, whatever its own clock says.
 */
export interface Lease {
  readonly token: string;
  /** Aborts with the reason as soon as the lease is known to be lost. */
  readonly lost: AbortSignal;
  /** Stops renewing. */
  end(): void;
}

/** Renews the lease three times per term until it is ended or lost. */
export function keepLease(
  { pool, logger, leaseMs }: LeaseOptions,
  generation: Generation,
  token: string,
): Lease {
  const lost = new AbortController();
  let renewedAt = performance.now();
  let renewing = false;
  const renew = async (): Promise<void> => {
    if (renewing) return;
    renewing = true;
    const startedAt = performance.now();
    try {
      const { rowCount } = await pool.query(
        `UPDATE rebuild SET lease_until = now() + $4 * interval '1 millisecond'
         WHERE view = $1 AND number = $2 AND token = $3`,
        [generation.view, generation.number, token, leaseMs],
      );
      if (rowCount === 0) lost.abort(new RebuildLeaseLostError(generation.view));
      else renewedAt = startedAt;
    } catch (error) {
      logger.warn(
        { view: generation.view, reason: messageOf(error) },
        'The lease of the rebuild could not be renewed; trying again',
      );
      if (performance.now() - renewedAt > leaseMs)
        lost.abort(new RebuildLeaseLostError(generation.view, error));
    } finally {
      renewing = false;
    }
  };
  const timer = setInterval(() => void renew(), leaseMs / 3);
  lost.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return { token, lost: lost.signal, end: () => clearInterval(timer) };
}

/**
 * Locks the rebuild's row for the rest of the caller's transaction, so that nobody takes it over meanwhile.
 * @throws {RebuildLeaseLostError} when somebody has
 */
export async function fence(client: ClientBase, generation: Generation, token: string): Promise<void> {
  const { rowCount } = await client.query(
    'SELECT FROM rebuild WHERE view = $1 AND number = $2 AND token = $3 FOR UPDATE',
    [generation.view, generation.number, token],
  );
  if (rowCount === 0) throw new RebuildLeaseLostError(generation.view);
}

export interface ScanPosition {
  readonly scannedTo: string;
  /** Roots scanned since the position before. */
  readonly count: number;
}

/** Moves the scan's position, which a take-over goes on from. @throws {RebuildLeaseLostError} */
export async function savePosition(
  pool: Pool,
  generation: Generation,
  token: string,
  position: ScanPosition,
): Promise<void> {
  const { rowCount } = await pool.query(
    `UPDATE rebuild SET scanned_to = $4, scanned = scanned + $5 WHERE view = $1 AND number = $2 AND token = $3`,
    [generation.view, generation.number, token, position.scannedTo, position.count],
  );
  if (rowCount === 0) throw new RebuildLeaseLostError(generation.view);
}

/** Tells others, such as a rebuild that is refused, how far this one is. @throws {RebuildLeaseLostError} */
export async function savePhase(
  pool: Pool,
  generation: Generation,
  token: string,
  phase: string,
): Promise<void> {
  const { rowCount } = await pool.query(
    'UPDATE rebuild SET phase = $4 WHERE view = $1 AND number = $2 AND token = $3',
    [generation.view, generation.number, token, phase],
  );
  if (rowCount === 0) throw new RebuildLeaseLostError(generation.view);
}
