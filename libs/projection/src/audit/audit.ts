import type { Pool } from 'pg';
import { messageOf, type Logger } from '#kernel';

/** Who runs a command, where, and on which installation. */
export interface Operator {
  readonly name: string;
  readonly host: string;
  readonly process: number;
  readonly environment: string;
}

export interface AuditEntry {
  readonly operator: Operator;
  /** The command without its subject: `rebuild`, `dead-letters discard`. */
  readonly command: string;
  /** What it is done to: a view, a source with an id, a job. */
  readonly subject: string;
  /** The options that were given; no data of aggregates may be in them, since the audit outlives an erasure. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/**
 * Runs `work` between two writes to the audit table: one before it begins, so that a command that is killed leaves a
 * row without an end, and one that says how it ended. A failure of `work` is noted and thrown on. When only the second
 * write fails, the work is done all the same, which is logged.
 */
export async function audited<T>(
  { pool, logger }: { readonly pool: Pool; readonly logger: Logger },
  entry: AuditEntry,
  work: () => Promise<T>,
): Promise<T> {
  const id = await begin(pool, entry);
  const end = async (outcome: 'done' | 'failed', detail: string | null): Promise<void> => {
    try {
      await pool.query('UPDATE audit SET ended_at = now(), outcome = $2, detail = $3 WHERE id = $1', [
        id,
        outcome,
        detail,
      ]);
    } catch (error) {
      logger.warn({ err: error, audit: id }, `The audit could not be told how it ended: ${messageOf(error)}`);
    }
  };
  try {
    const result = await work();
    await end('done', null);
    return result;
  } catch (error) {
    await end('failed', messageOf(error));
    throw error;
  }
}

async function begin(pool: Pool, { operator, command, subject, options = {} }: AuditEntry): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO audit (operator, host, process, environment, command, subject, options)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
    [
      operator.name,
      operator.host,
      operator.process,
      operator.environment,
      command,
      subject,
      JSON.stringify(options),
    ],
  );
  return (rows[0] as { id: string }).id;
}

/** `outcome` is null while the command runs, and stays so when it was killed. */
export interface AuditRecord {
  readonly id: number;
  readonly operator: string;
  readonly host: string;
  readonly process: number;
  readonly environment: string;
  readonly command: string;
  readonly subject: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly begunAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: 'done' | 'failed' | null;
  readonly detail: string | null;
}

/** The newest first, at most `limit`. */
export async function readAudit(pool: Pool, limit: number): Promise<readonly AuditRecord[]> {
  const { rows } = await pool.query<AuditRecord>(
    `SELECT id::float8 AS id, operator, host, process, environment, command, subject, options,
            begun_at AS "begunAt", ended_at AS "endedAt", outcome, detail
     FROM audit ORDER BY id DESC LIMIT $1`,
    [limit],
  );
  return rows;
}
