import type { Pool } from 'pg';
import { applyDeliveries, type ApplyDependencies } from '../apply/apply-deliveries.js';
import { noMetrics } from '../metrics.js';
import { deadLetterFingerprint } from './dead-letters.js';
import type { LetterToRetry, PageOutcome } from './retry-counts.js';

/**
 * Applies the messages of these letters as if the broker had delivered them again, and closes the letters of those that
 * were not refused. A crash in between leaves letters open whose changes are applied: the next retry finds duplicates.
 */
export async function retryMessages(
  { pool, sources, logger }: Pick<ApplyDependencies, 'pool' | 'sources' | 'logger'>,
  letters: readonly LetterToRetry[],
): Promise<Pick<PageOutcome, 'healed' | 'refusals'>> {
  // What an erased aggregate said is not kept, so there is nothing to try.
  const kept = letters.flatMap(({ body, ...letter }) => (body === null ? [] : [{ ...letter, body }]));
  if (kept.length === 0) return { healed: 0, refusals: [] };
  const messages = kept.map(({ body, messageId }) => ({ body, messageId }));
  const refused = new Set<string>();
  await applyDeliveries(
    messages.map((message) => ({ ...message, routingKey: '', redelivered: true })),
    {
      pool,
      sources,
      logger,
      metrics: noMetrics,
      onLetter: (letter) => refused.add(deadLetterFingerprint(letter)),
    },
  );
  const closed = kept.filter(({ fingerprint }) => !refused.has(fingerprint));
  await close(pool, closed);
  const refusals = await reasonsOf(pool, [...refused]);
  return { healed: kept.length - refusals.length, refusals };
}

/**
 * A letter that was written before letters kept their message id has another fingerprint than its message has now. If
 * that is refused again it has got a letter of its own, so the old one is closed in any case.
 */
async function close(pool: Pool, letters: readonly LetterToRetry[]): Promise<void> {
  await pool.query(
    `UPDATE dead_letter SET healed_at = now()
     WHERE id = ANY(ARRAY(
       SELECT id FROM dead_letter WHERE id = ANY($1::bigint[]) AND healed_at IS NULL ORDER BY id FOR UPDATE
     ))`,
    [letters.map(({ id }) => id)],
  );
}

/** Of those that were refused, a newer version may have healed some at once. */
async function reasonsOf(pool: Pool, fingerprints: readonly string[]): Promise<readonly string[]> {
  if (fingerprints.length === 0) return [];
  const { rows } = await pool.query<{ reason: string }>(
    'SELECT reason FROM dead_letter WHERE fingerprint = ANY($1) AND healed_at IS NULL',
    [fingerprints],
  );
  return rows.map(({ reason }) => reason);
}
