import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Transaction } from '#outbox';
import { invalidRequest, ProblemError } from '#kernel/http';
import { canonicalJson } from '#views';

/** What a repeat of the same request must be told apart by. */
export interface IdempotentRequest {
  readonly key: string;
  /** Of method, path and body; the body's keys in order, so that only its meaning counts. */
  readonly hash: Buffer;
}

/** An answer as it goes over the wire, ready to be given again. */
export interface CommandAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Lives in each service's database, since the key is stored in the transaction of the change that it protects. */
export const idempotencyTable = {
  up: `
    CREATE TABLE idempotency_key (
      key          text PRIMARY KEY,
      request_hash bytea NOT NULL,
      -- The answer is null only inside the transaction that the key belongs to.
      status       smallint,
      headers      json,
      body         text,
      created_at   timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX idempotency_key_age ON idempotency_key (created_at);`,
  down: 'DROP TABLE idempotency_key',
};

/** @throws {ProblemError} for a key that is empty, too long, or not printable ASCII */
export function idempotentRequest(request: {
  readonly key: string | string[] | undefined;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}): IdempotentRequest | null {
  const { key, method, path, body } = request;
  if (key === undefined) return null;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    const detail = 'must be 1 to 255 printable ASCII characters without spaces';
    throw invalidRequest([{ parameter: 'Idempotency-Key', code: 'idempotency_key_invalid', detail }]);
  }
  const hash = createHash('sha256')
    .update(`${method} ${path}\n${canonicalJson(body ?? null)}`)
    .digest();
  return { key, hash };
}

/**
 * Takes the key for this transaction, or returns the answer that it was given before. A second request with the same key
 * waits at the insert until the first one's transaction has ended: then it finds the answer, or, after a rollback, the key
 * free. A refused command keeps no key, since it did nothing: its repeat is judged anew.
 * @throws {ProblemError} 422 when the key was used for another request
 */
export async function claimKey(
  tx: Transaction,
  { key, hash }: IdempotentRequest,
): Promise<CommandAnswer | null> {
  for (;;) {
    const claimed: unknown[] = await tx.query(
      `INSERT INTO idempotency_key (key, request_hash) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING RETURNING key`,
      [key, hash],
    );
    if (claimed.length > 0) return null;
    const [earlier]: [StoredAnswer?] = await tx.query(
      `SELECT request_hash, status, headers, body FROM idempotency_key WHERE key = $1`,
      [key],
    );
    // Aged out between the two statements: the key is free now.
    if (earlier === undefined) continue;
    if (!hash.equals(earlier.request_hash)) throw keyReused();
    return { status: earlier.status, headers: earlier.headers, body: earlier.body };
  }
}

interface StoredAnswer {
  readonly request_hash: Buffer;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

export async function storeAnswer(
  tx: Transaction,
  { key }: IdempotentRequest,
  answer: CommandAnswer,
): Promise<void> {
  await tx.query(`UPDATE idempotency_key SET status = $2, headers = $3, body = $4 WHERE key = $1`, [
    key,
    answer.status,
    JSON.stringify(answer.headers),
    answer.body,
  ]);
}

/** Deletes up to `limit` keys that are older than `hours`, and returns how many it deleted. */
export async function forgetOldKeys(db: EntityManager, hours: number, limit = 5_000): Promise<number> {
  const [, deleted]: [unknown, number] = await db.query(
    `DELETE FROM idempotency_key WHERE key = ANY (ARRAY(
       SELECT key FROM idempotency_key WHERE created_at < now() - $1 * interval '1 hour'
       ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))`,
    [hours, limit],
  );
  return deleted;
}

function keyReused(): ProblemError {
  return new ProblemError(
    422,
    'idempotency_key_reused',
    'The Idempotency-Key belongs to another request',
    'The same key came before with another method, path or body. Send a new key with a new request.',
  );
}
