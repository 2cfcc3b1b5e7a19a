import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import type { SearchIndex } from '#search';
import type { Computes } from '#views';

/** What the comparing of an index with the copies needs. It writes nothing. */
export interface VerifyContext {
  /** Up to four connections are in use at once, none of which waits for another. */
  readonly pool: Pool;
  readonly index: SearchIndex;
  /** Every compute function of this process. */
  readonly computes: Computes;
  /** How long one page may take to read, in milliseconds. */
  readonly deadlineMs: number;
  readonly logger: Logger;
  /** What is known to have been written, so that the index need only tell its revision. Absent: it tells its text. */
  readonly written?: { holds(revision: number, body: string): boolean };
}
