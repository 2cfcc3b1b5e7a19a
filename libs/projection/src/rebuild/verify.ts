import type { Pool } from 'pg';
import { forgetDocuments } from '../documents/forget.js';
import type { Generation } from '../generations/generation.js';
import { priorityNumber } from '../marks/priority.js';
import { inTransaction } from '../schema/transaction.js';
import type { VerifyContext } from '../verify/context.js';
import type { DifferenceKind } from '../verify/difference.js';
import { settle } from '../verify/settle.js';
import { verifyDocuments } from '../verify/verify-documents.js';
import { drainMarks } from './drain.js';
import { RebuildVerifyError } from './errors.js';
import type { RebuildOptions } from './options.js';

/** A change between two looks makes a difference that is none; a real one survives any number of them. */
const LOOKS = 3;
/** More than these are no matter of single documents. */
const MOST_DIFFERING = 10_000;

export interface Verified {
  readonly documents: number;
  readonly refused: number;
}

/**
 * Compares the new index with what the copies make: the same documents, with the same contents, no more and no fewer.
 *
 * Documents that differ are marked, built and looked at again: what writers changed between the two reads agrees then,
 * what the rebuild lost does not. Comparing counts was rejected: one document lost and one too many give the same count.
 * @throws {RebuildVerifyError} naming roots that differ
 */
export async function verifyGeneration(
  options: RebuildOptions & Pick<VerifyContext, 'written'>,
  generation: Generation,
  signal: AbortSignal,
  stallMs: number,
  onVerified: (count: number) => void,
): Promise<Verified> {
  const { pool, index } = options;
  let seen = 0;
  const found = await verifyDocuments(
    {
      ...options,
      signal,
      keep: MOST_DIFFERING,
      onProgress: ({ phase, done }) => {
        if (phase !== 'compare') return;
        onVerified(done - seen);
        seen = done;
      },
    },
    generation,
  );
  let differing: readonly Differing[] = [
    ...found.differences,
    ...found.unsettled.first.map((id) => ({ id, kind: 'unsettled' as const })),
  ];
  for (let look = 1; differing.length > 0; look++) {
    options.logger.info(
      { view: generation.view, differing: differing.length, look },
      'Documents differ, which may be due to writers: they are built again',
    );
    if (look > LOOKS || differing.length >= MOST_DIFFERING)
      throw new RebuildVerifyError(generation.view, [describe(differing)]);
    const ids = differing.map(({ id }) => id);
    await markDiffering(pool, generation, ids);
    await drainMarks({ pool, view: generation.view, indexName: generation.indexName, signal, stallMs });
    const left = await settle(options, generation, ids, { settleMs: SETTLE_MS, stallMs: SETTLE_MS, signal });
    differing = [...left.differences, ...left.unsettled.map((id) => ({ id, kind: 'unsettled' as const }))];
  }
  const refused = await refusedRoots(pool, generation);
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

const SETTLE_MS = 30_000;

interface Differing {
  readonly id: string;
  readonly kind: DifferenceKind | 'unsettled';
}

/** What is known of their documents is not what the index holds, so an equal one has to be sent as well. */
function markDiffering(pool: Pool, { view, indexName }: Generation, ids: readonly string[]): Promise<void> {
  return inTransaction(pool, async (client) => {
    await forgetDocuments(client, indexName, ids);
    await client.query('INSERT INTO mark (view, root_id, priority) SELECT $1, unnest($2::text[]), $3', [
      view,
      ids,
      priorityNumber.bulk,
    ]);
  });
}

function describe(differing: readonly Differing[]): string {
  const some = differing.slice(0, 5).map(({ id, kind }) => `${id} (${kind})`);
  return `${differing.length} root(s) differ between the copies and the index, among them ${some.join(', ')}`;
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
