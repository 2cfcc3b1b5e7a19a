import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import type { ReceivedSource } from '../apply/read-delivery.js';
import { withAdvisoryLock } from '../schema/advisory-lock.js';
import { conditionOf, measureDeadLetters, refreshStatistics, type DeadLetterFilter } from './list.js';
import { answersOf, queueDocuments, untilBuilt } from './retry-documents.js';
import { retryMessages } from './retry-messages.js';
import { addUp, nothingYet, type LetterToRetry, type PageOutcome, type RetryCounts } from './retry-counts.js';

export interface RetryOptions {
  /** At least two connections: one holds the lock. */
  readonly pool: Pool;
  readonly sources: ReadonlyMap<string, ReceivedSource>;
  readonly filter: DeadLetterFilter;
  readonly logger: Logger;
  /** Waits until builders have answered for the documents; somebody must run them. Called when the first wait begins. */
  readonly wait?: { readonly begins: () => void } | undefined;
  /** Ends it after the page in hand. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface RetryResult extends RetryCounts {
  /** Whether it came to the last letter that matched when it began. */
  readonly complete: boolean;
}

/** What ends a page: neither many small bodies nor a few large ones may fill the memory. */
const PAGE = { letters: 500, bytes: 8 * 1024 * 1024 };

/** Any number will do, as long as nothing else in this database takes it. */
const RETRY_LOCK = 7_310_503;

/**
 * Tries letters again. A message goes the way of a delivery, and its letter is closed when its change is in the copies
 * or superseded there; what is still wrong stays open with the reason of today. A document is marked, and what a builder
 * makes of the mark closes its letter or leaves it open.
 *
 * It may be repeated, killed at any point, and run by several processes: versions and revisions decide what a repeat
 * changes, and the pages of all processes come one after the other, so that what one has closed is not in the next page
 * of another. Letters that come while it runs are not tried.
 */
export async function retryDeadLetters(options: RetryOptions): Promise<RetryResult> {
  const { pool, filter, signal, onProgress } = options;
  const { count: total, lastId } = await measureDeadLetters(pool, filter);
  await refreshStatistics(pool);
  let counts = nothingYet;
  let after = 0;
  let done = 0;
  while (signal?.aborted !== true) {
    const page = await withAdvisoryLock(pool, RETRY_LOCK, () => retryPage(options, after, lastId));
    if (page === null) return { ...counts, complete: true };
    counts = addUp(counts, await settle(options, page.outcome, counts.queued === 0));
    after = page.lastId;
    done += page.size;
    onProgress?.(done, Math.max(done, total));
  }
  return { ...counts, complete: false };
}

interface RetriedPage {
  readonly size: number;
  readonly lastId: number;
  readonly outcome: PageOutcome;
}

async function retryPage(options: RetryOptions, after: number, lastId: number): Promise<RetriedPage | null> {
  const letters = await readPage(options, after, lastId);
  const last = letters.at(-1);
  if (last === undefined) return null;
  const messages = letters.filter((letter) => letter.kind !== 'document');
  const documents = letters.filter((letter) => letter.kind === 'document').map(({ id }) => id);
  const applied = await retryMessages(options, messages);
  const marked = await queueDocuments(options.pool, documents);
  const outcome = { ...marked, healed: applied.healed + marked.healed, refusals: applied.refusals };
  return { size: letters.length, lastId: last.id, outcome };
}

/** Turns what is queued into healed and refused, if that is to be waited for. */
async function settle(
  { pool, wait, signal }: RetryOptions,
  outcome: PageOutcome,
  first: boolean,
): Promise<PageOutcome> {
  const { queued, fromSeq, healed, refusals } = outcome;
  if (wait === undefined || fromSeq === null) return outcome;
  if (first) wait.begins();
  if ((await untilBuilt(pool, queued, fromSeq, signal)) === 'aborted') return outcome;
  const answers = await answersOf(pool, queued);
  return {
    healed: healed + answers.healed,
    refusals: [...refusals, ...answers.refusals],
    queued: [],
    fromSeq: null,
  };
}

/** The bodies of documents stay where they are: what is built again is read from the copies. */
async function readPage(
  { pool, filter }: RetryOptions,
  after: number,
  lastId: number,
): Promise<readonly LetterToRetry[]> {
  const { sql, values } = conditionOf(filter);
  const at = values.length;
  const { rows } = await pool.query<LetterToRetry>(
    `SELECT id::float8 AS id, kind, fingerprint, message_id AS "messageId",
            CASE WHEN kind <> 'document' THEN body END AS body
     FROM (
       SELECT id, kind, fingerprint, message_id, body,
              sum(octet_length(body)) FILTER (WHERE kind <> 'document')
                OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
       FROM dead_letter
       WHERE ${sql} AND id > $${at + 1} AND id <= $${at + 2}
       ORDER BY id
       LIMIT ${PAGE.letters}
     ) AS page
     WHERE coalesce(bytes_before, 0) < ${PAGE.bytes}
     ORDER BY id`,
    [...values, after, lastId],
  );
  return rows;
}
