import type pg from 'pg';
import { openPool } from '#kernel';
import { elasticsearchIndex, type SearchIndex } from '#search';
import type { CliProjection } from './with-projection.js';

/** Connections for looking around: whatever does not answer soon is said to be away, instead of being waited for. */
export interface BriefAccess {
  readonly pool: pg.Pool;
  readonly index: SearchIndex;
  /** How long one question may take, in milliseconds. */
  readonly deadlineMs: number;
}

const DEADLINE_MS = 3_000;

/** Gives `work` connections of its own, and closes them after it. */
export async function withBriefAccess<T>(
  { config, logger }: CliProjection,
  work: (access: BriefAccess) => Promise<T>,
): Promise<T> {
  const pool = openPool({
    connectionString: config.PROJECTION_DATABASE_URL,
    max: 4,
    connectionTimeoutMillis: DEADLINE_MS,
    query_timeout: DEADLINE_MS,
    application_name: 'prejoin cli',
  });
  // A query that runs on it is rejected as well, and whoever asked says so.
  pool.on('error', () => undefined);
  const index = elasticsearchIndex({ node: config.ELASTICSEARCH_URL, logger, requestTimeoutMs: DEADLINE_MS });
  try {
    return await work({ pool, index, deadlineMs: DEADLINE_MS });
  } finally {
    await Promise.all([pool.end(), index.close()]);
  }
}
