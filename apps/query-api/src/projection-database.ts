import pg from 'pg';
import { messageOf, type Logger } from '#kernel';
import { InclusionWatch, lagOf, viewLag } from '#projection';
import { lagCache, type Freshness } from '#query';
import { Histogram, type Registry } from 'prom-client';

/** The projector's database, read for how far documents are behind. Without it answers are what they are, and say less. */
export interface ProjectionDatabase {
  readonly freshness: Freshness;
  /** Rejects while it does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** However many requests wait, so many connections ask for them. */
const CONNECTIONS = 4;
/** A look that takes longer is given up, since the next one may be quicker. */
const STATEMENT_MS = 1_000;

/** Connects when it is asked, and asks nothing that would change anything. */
export function projectionDatabase(url: string, logger: Logger, registry: Registry): ProjectionDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: 2_000,
    statement_timeout: STATEMENT_MS,
    // For a server that does not answer at all.
    query_timeout: 2 * STATEMENT_MS,
    options: '-c default_transaction_read_only=on',
    application_name: 'prejoin-query-api',
  });
  const faults = saidOnce(logger);
  pool.on('error', faults.note);
  const watch = new InclusionWatch({ pool, onFault: faults.note });
  const waits = new Histogram({
    name: 'prejoin_query_wait_seconds',
    help: 'How long reads waited for the writes that they were to contain, by outcome.',
    labelNames: ['outcome'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return {
    freshness: {
      lagMs: lagCache({
        read: async () => {
          const lag = await viewLag(pool);
          faults.over();
          return (view) => lagOf(lag, view);
        },
        onFault: faults.note,
      }),
      untilIncluded: async (asked) => {
        const begunAt = performance.now();
        const outcome = await watch.untilIncluded(asked);
        waits.observe({ outcome }, (performance.now() - begunAt) / 1_000);
        return outcome;
      },
    },
    check: async () => {
      await pool.query('SELECT 1');
    },
    close: () => pool.end(),
  };
}

/** Looks are many, and while the database is away all of them fail: it is said when that begins and when it ends. */
function saidOnce(logger: Logger): { readonly note: (error: unknown) => void; readonly over: () => void } {
  let failing = false;
  return {
    note: (error) => {
      if (!failing)
        logger.warn(
          { reason: messageOf(error) },
          'The projection database can not be read: answers do not say how fresh they are, and waits for writes end without them',
        );
      failing = true;
    },
    over: () => {
      if (failing) logger.info('The projection database can be read again');
      failing = false;
    },
  };
}
