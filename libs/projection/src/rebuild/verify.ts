import type { Pool } from 'pg';
import type { Generation } from '../generations/generation.js';
import { differingIds, stillDiffering } from './differences.js';
import { drainMarks } from './drain.js';
import { RebuildVerifyError } from './errors.js';
import type { RebuildOptions } from './options.js';

/** A change between two looks makes a difference that is none; a real one survives any number of them. */
const LOOKS = 3;

export interface Verified {
  readonly documents: number;
  readonly refused: number;
}

/**
 * Compares the new index with the copies: the same roots must have a document, no more and no fewer.
 *
 * Ids that differ are marked, built and looked at again: what writers changed between the two reads agrees then, what
 * the rebuild lost does not. Comparing counts was rejected: one document lost and one too many give the same count.
 * @throws {RebuildVerifyError} naming roots that differ
 */
export async function verifyGeneration(
  options: RebuildOptions,
  generation: Generation,
  signal: AbortSignal,
  stallMs: number,
  onVerified: (count: number) => void,
): Promise<Verified> {
  const { pool, index } = options;
  await index.refresh(generation.indexName);
  const refused = await refusedRoots(pool, generation);

  const ignored = new Set(refused.map(({ rootId }) => rootId));
  let differing = await differingIds(options, generation, signal, onVerified);
  differing = differing.filter((id) => !ignored.has(id));
  for (let look = 1; differing.length > 0; look++) {
    options.logger.info(
      { view: generation.view, differing: differing.length, look },
      'Roots differ, which may be due to writers: they are built again',
    );
    if (look > LOOKS) throw new RebuildVerifyError(generation.view, [describe(differing)]);
    await pool.query('INSERT INTO mark (view, root_id) SELECT $1, unnest($2::text[])', [
      generation.view,
      differing,
    ]);
    await drainMarks({ pool, view: generation.view, signal, stallMs });
    differing = await stillDiffering(options, generation, differing);
  }
  const vanishing = refused.filter(({ refusedByLive }) => !refusedByLive);
  if (vanishing.length > 0 && options.acceptRefused !== true) {
    throw new RebuildVerifyError(
      generation.view,
      vanishing.slice(0, 5).map(({ rootId, reason }) => `${rootId} would vanish from the view: ${reason}`),
    );
  }
  await index.refresh(generation.indexName);
  return { documents: await index.count(generation.indexName), refused: refused.length };
}

function describe(ids: readonly string[]): string {
  return `${ids.length} root(s) differ between the copies and the index, among them ${ids.slice(0, 5).join(', ')}`;
}

interface RefusedRoot {
  readonly rootId: string;
  readonly reason: string;
  readonly refusedByLive: boolean;
}

/** Roots whose documents the new index refuses, and whether the live one refuses them as well. */
async function refusedRoots(pool: Pool, { view, indexName }: Generation): Promise<readonly RefusedRoot[]> {
  const { rows } = await pool.query<RefusedRoot>(
    `SELECT letter.root_id AS "rootId", letter.reason,
            EXISTS (
              SELECT FROM dead_letter AS other
              JOIN generation ON generation.index_name = other.index_name AND generation.state = 'live'
              WHERE other.kind = 'document' AND other.healed_at IS NULL
                AND other.view = letter.view AND other.root_id = letter.root_id
            ) AS "refusedByLive"
     FROM dead_letter AS letter
     WHERE letter.kind = 'document' AND letter.healed_at IS NULL AND letter.view = $1 AND letter.index_name = $2
     ORDER BY letter.root_id`,
    [view, indexName],
  );
  return rows;
}
