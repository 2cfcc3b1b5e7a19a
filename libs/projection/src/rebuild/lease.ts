import type { ClientBase, Pool, PoolClient } from 'pg';
import { checkOut, messageOf, type Logger } from '#kernel';
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

/**
 * Whether somebody holds a row of `rebuild`, in SQL. A holder that was killed is known at once by its session, which the
 * server ends with the connection; one whose machine is gone, or that sleeps, by the end of its lease. The session is
 * that of the present token: a process of a release that tells none takes over without touching it. Where the caller's
 * role may not see when another's session began, the number of the session has to do.
 */
export const isHeld = `(
  rebuild.lease_until > now() AND (
    rebuild.session_token IS DISTINCT FROM rebuild.token
    OR EXISTS (
      SELECT FROM pg_stat_activity AS session
      WHERE session.pid = rebuild.session_pid
        AND (session.backend_start = rebuild.session_start OR session.backend_start IS NULL)
    )
  )
)`;

/** Renews the lease at once and three times per term, on a session of its own, until it is ended or lost. */
export async function keepLease(
  options: LeaseOptions,
  generation: Generation,
  token: string,
): Promise<Lease> {
  const kept = new KeptLease(options, generation, token);
  await kept.renew();
  return kept;
}

class KeptLease implements Lease {
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #session: PoolClient | null = null;
  #renewedAt = performance.now();
  #renewing = false;
  #ended = false;

  constructor(
    private readonly options: LeaseOptions,
    private readonly generation: Generation,
    readonly token: string,
  ) {
    this.#timer = setInterval(() => void this.renew(), options.leaseMs / 3);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  end(): void {
    this.#ended = true;
    clearInterval(this.#timer);
    this.#leaveSession();
  }

  async renew(): Promise<void> {
    if (this.#renewing || this.#ended) return;
    this.#renewing = true;
    const startedAt = performance.now();
    const { pool, logger, leaseMs } = this.options;
    const { view, number } = this.generation;
    try {
      const session = await this.#openSession();
      const { rowCount } = await session.query(
        `UPDATE rebuild SET
           lease_until = now() + $4 * interval '1 millisecond',
           session_pid = pg_backend_pid(),
           session_start = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()),
           session_token = token
         WHERE view = $1 AND number = $2 AND token = $3`,
        [view, number, this.token, leaseMs],
      );
      if (rowCount === 0) this.#lose(await lossOf(pool, this.generation));
      else this.#renewedAt = startedAt;
    } catch (error) {
      this.#leaveSession(error);
      logger.warn(
        { view, reason: messageOf(error) },
        'The lease of the rebuild could not be renewed; trying again',
      );
      if (performance.now() - this.#renewedAt > leaseMs)
        this.#lose(new RebuildLeaseLostError(view, 'it could not be renewed in time', error));
    } finally {
      this.#renewing = false;
      if (this.#ended) this.#leaveSession();
    }
  }

  /** The one whose end tells others that this process is gone; a lost one is replaced at once, before others act on it. */
  async #openSession(): Promise<PoolClient> {
    if (this.#session !== null) return this.#session;
    const session = await checkOut(this.options.pool, this.#onLostSession);
    this.#session = session;
    return session;
  }

  readonly #onLostSession = (error: Error): void => {
    this.#leaveSession(error);
    void this.renew();
  };

  #leaveSession(error?: unknown): void {
    const session = this.#session;
    this.#session = null;
    session?.off('error', this.#onLostSession);
    session?.release(error !== undefined);
  }

  #lose(reason: RebuildLeaseLostError): void {
    this.#lost.abort(reason);
    this.end();
  }
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
  if (rowCount === 0) throw await lossOf(client, generation);
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
  if (rowCount === 0) throw await lossOf(pool, generation);
}

/**
 * Ends the holder's right to a rebuild that stays as it is, for whoever goes on with it: complete and waiting for its swap
 * (`ready`), or in the phase that it came to.
 * @throws {RebuildLeaseLostError}
 */
export async function leaveRebuild(
  pool: Pool,
  generation: Generation,
  token: string,
  as: 'ready' | 'unfinished',
): Promise<void> {
  const { rowCount } = await pool.query(
    `UPDATE rebuild SET
       phase = CASE WHEN $4 = 'ready' THEN 'ready' ELSE phase END,
       lease_until = now(), session_token = NULL, token = token + 1
     WHERE view = $1 AND number = $2 AND token = $3`,
    [generation.view, generation.number, token, as],
  );
  if (rowCount === 0) throw await lossOf(pool, generation);
}

/** Whether the holder of `token` is no longer the holder, with the reason; null while it is. */
export async function lostTo(
  pool: Pool,
  generation: Generation,
  token: string,
): Promise<RebuildLeaseLostError | null> {
  const { rowCount } = await pool.query(
    'SELECT FROM rebuild WHERE view = $1 AND number = $2 AND token = $3',
    [generation.view, generation.number, token],
  );
  return rowCount === 0 ? lossOf(pool, generation) : null;
}

/** What became of a rebuild whose token is not the caller's any more. */
export async function lossOf(
  client: ClientBase | Pool,
  { view, number }: Generation,
): Promise<RebuildLeaseLostError> {
  const { rows } = await client.query<{ holder: string | null; state: string; phase: string | null }>(
    `SELECT rebuild.holder, rebuild.phase, generation.state
     FROM generation LEFT JOIN rebuild USING (view, number)
     WHERE view = $1 AND number = $2`,
    [view, number],
  );
  const [row] = rows;
  if (row === undefined || row.state === 'retired')
    return new RebuildLeaseLostError(view, 'it was cancelled, and its index is dropped');
  if (row.holder === null) return new RebuildLeaseLostError(view, 'its index was swapped in already');
  // Whoever cancelled it may still be dropping its index.
  const how = row.phase === 'cancelled' ? 'cancelled' : 'taken over';
  return new RebuildLeaseLostError(view, `it was ${how} by ${row.holder}`);
}
