import type { Pool } from 'pg';
import { withAdvisoryLock } from '../schema/advisory-lock.js';

/** Any fixed number serves; it only must differ from other advisory locks in this database. */
const LOCK_KEY = 7_065_742;

/**
 * Runs `work` alone among all processes that change generations.
 *
 * Triggers are made from the union of all plans. Two changes at once would each compute a union without the other, and
 * the later one would drop triggers that the earlier one needs. `work` uses its own connections, so the pool must have a
 * second one.
 */
export function withGenerationLock<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  return withAdvisoryLock(pool, LOCK_KEY, work);
}
