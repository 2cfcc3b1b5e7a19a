import type { Pool } from 'pg';
import type { KeyRange } from '#search';
import type { Generation } from '../generations/generation.js';
import { inTransaction } from '../schema/transaction.js';
import { countRoots, cutPlaces, rangesBetween } from '../copies/root-ranges.js';
import { fence, lossOf } from './lease.js';

/** A part of a rebuild's scan, and how far it was scanned. */
export interface ScanRange extends KeyRange {
  readonly part: number;
  readonly scannedTo: string | null;
  readonly done: boolean;
}

/** About so many roots a range, and at most so many ranges. */
export interface RangeSize {
  readonly roots: number;
  readonly most: number;
}

const COLUMNS = 'part, after_id AS after, to_id AS to, scanned_to AS "scannedTo", done';

/**
 * The ranges of a rebuild, in order. Those of one that was begun before are as they were left; a new one gets ranges of
 * about equal size, between roots that are there now and open at both ends, so that nothing lies outside.
 *
 * A rebuild of the release before has no ranges but one position; what lies below it is taken for scanned.
 * @throws {RebuildLeaseLostError}
 */
export async function openRanges(
  pool: Pool,
  generation: Generation,
  token: string,
  size: RangeSize,
): Promise<readonly ScanRange[]> {
  const known = await readRanges(pool, generation);
  if (known.length > 0) return known;
  const { view, number, plan } = generation;
  const { ids } = await countRoots(pool, plan.root, (count) => cutPlaces(count, size.roots, size.most));
  const ranges = rangesBetween(ids);
  await inTransaction(pool, async (client) => {
    await fence(client, generation, token);
    await client.query(
      `INSERT INTO rebuild_range (view, number, part, after_id, to_id, scanned_to, done)
       SELECT view, number, part, after_id, to_id,
              CASE WHEN after_id IS NULL OR after_id COLLATE "C" < scanned_to THEN scanned_to END,
              coalesce(to_id COLLATE "C" <= scanned_to, false)
       FROM rebuild, unnest($3::int[], $4::text[], $5::text[]) AS range (part, after_id, to_id)
       WHERE view = $1 AND number = $2`,
      [
        view,
        number,
        ranges.map((_, at) => at + 1),
        ranges.map(({ after }) => after),
        ranges.map(({ to }) => to),
      ],
    );
  });
  return readRanges(pool, generation);
}

async function readRanges(pool: Pool, { view, number }: Generation): Promise<readonly ScanRange[]> {
  const { rows } = await pool.query<ScanRange>(
    `SELECT ${COLUMNS} FROM rebuild_range WHERE view = $1 AND number = $2 ORDER BY part`,
    [view, number],
  );
  return rows;
}

/** What was scanned of a range since it was saved last. */
export interface RangeStep {
  /** The last root; null where nothing was left of the range. */
  readonly scannedTo: string | null;
  readonly count: number;
  readonly done: boolean;
}

/**
 * Moves the position that a take-over goes on from. The token is looked at by the statement that moves it: a holder that
 * slept can not take a position back that its successor has moved on.
 * @throws {RebuildLeaseLostError}
 */
export async function saveStep(
  pool: Pool,
  generation: Generation,
  token: string,
  part: number,
  { scannedTo, count, done }: RangeStep,
): Promise<void> {
  const { rowCount } = await pool.query(
    `WITH held AS (
       UPDATE rebuild SET scanned = scanned + $5
       WHERE view = $1 AND number = $2 AND token = $3
       RETURNING view, number
     )
     UPDATE rebuild_range AS range
     SET scanned_to = coalesce($6, scanned_to), scanned = scanned + $5, done = $7
     FROM held
     WHERE range.view = held.view AND range.number = held.number AND range.part = $4`,
    [generation.view, generation.number, token, part, count, scannedTo, done],
  );
  if (rowCount === 0) throw await lossOf(pool, generation);
}

/** Whether the scan of a generation has come to its end. */
export async function isScanned(pool: Pool, { view, number }: Generation): Promise<boolean> {
  const { rows } = await pool.query<{ scanned: boolean | null }>(
    'SELECT bool_and(done) AS scanned FROM rebuild_range WHERE view = $1 AND number = $2',
    [view, number],
  );
  return rows[0]?.scanned === true;
}
