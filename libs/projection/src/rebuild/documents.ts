import { backoffDelay, sleep } from '#kernel';
import { buildRoots, type BuildContext, type BuiltWrite } from '../build/build-roots.js';
import { judge } from '../build/judge.js';
import { keepRefused } from '../build/refused.js';
import { forgetDocuments } from '../documents/forget.js';
import { readGenerations } from '../generations/generation.js';
import { priorityNumber } from '../marks/priority.js';
import { inTransaction } from '../schema/transaction.js';
import { NoGenerationError } from './errors.js';

/**
 * What became of one document in one index. `indexed` and `deleted`: it is there now, or has no document by the copies
 * and is not; `superseded`: a newer one was written meanwhile; `refused`: the index does not take it, which is a dead
 * letter now; `left`: it could not be written here, for the reason given, and is marked for a builder.
 */
export interface BuiltDocument {
  readonly id: string;
  readonly indexName: string;
  readonly state: string;
  readonly outcome: 'indexed' | 'deleted' | 'superseded' | 'refused' | 'left';
  readonly reason: string | null;
}

const ATTEMPTS = 3;
const CHUNK = 500;

/**
 * Builds single documents of a view again, now, into every generation that is not retired; those that an index holds
 * already are sent as well. For when a document is doubted: with all in health it changes nothing.
 * @throws {NoGenerationError} when nothing is built of the view
 */
export async function rebuildDocuments(
  context: BuildContext,
  view: string,
  ids: readonly string[],
): Promise<readonly BuiltDocument[]> {
  const generations = await readGenerations(context.pool, view);
  if (generations.length === 0) throw new NoGenerationError(view);
  const all = [...new Set(ids)];
  const built: BuiltDocument[] = [];
  for (let at = 0; at < all.length; at += CHUNK)
    built.push(...(await buildChunk(context, view, all.slice(at, at + CHUNK))));
  return built;
}

async function buildChunk(
  context: BuildContext,
  view: string,
  ids: readonly string[],
): Promise<readonly BuiltDocument[]> {
  const { pool } = context;
  const generations = await readGenerations(pool, view);
  await inTransaction(pool, async (client) => {
    for (const { indexName } of generations) await forgetDocuments(client, indexName, ids);
  });
  const outcomes = new Map<string, BuiltDocument>();
  let unfinished: ReadonlyMap<string, string> = new Map(ids.map((id) => [id, 'it was not tried']));
  for (let attempt = 1; unfinished.size > 0 && attempt <= ATTEMPTS; attempt++) {
    if (attempt > 1) await sleep(backoffDelay({ baseMs: 250, maxMs: 2_000 }, attempt - 1));
    const result = await buildRoots(context, view, [...unfinished.keys()]);
    if (result.kind !== 'written') break;
    unfinished = await judge(context, view, result.revision, result.writes);
    await inTransaction(pool, (client) => keepRefused(client, view, result.writes));
    for (const write of result.writes)
      outcomes.set(keyOf(write.rootId, write.generation.indexName), told(write));
  }
  return markLeft(context, view, { ids, outcomes });
}

interface Chunk {
  readonly ids: readonly string[];
  readonly outcomes: ReadonlyMap<string, BuiltDocument>;
}

/** What could not be written here waits for a builder, so that the forgotten ones are sent by somebody. */
async function markLeft(
  { pool }: BuildContext,
  view: string,
  { ids, outcomes }: Chunk,
): Promise<readonly BuiltDocument[]> {
  const generations = await readGenerations(pool, view);
  const built = generations.flatMap(({ indexName, state, stopped }) =>
    ids.map(
      (id) =>
        outcomes.get(keyOf(id, indexName)) ?? {
          id,
          indexName,
          state,
          outcome: 'left' as const,
          reason: stopped ?? 'this process lacks functions of it',
        },
    ),
  );
  const left = built.filter(({ outcome }) => outcome === 'left');
  if (left.length > 0)
    await pool.query(
      `INSERT INTO mark (view, root_id, priority, index_name)
       SELECT $1, root_id, ${priorityNumber.direct}, index_name
       FROM unnest($2::text[], $3::text[]) AS one (root_id, index_name)`,
      [view, left.map(({ id }) => id), left.map(({ indexName }) => indexName)],
    );
  return built;
}

function told({ rootId, generation, body, outcome }: BuiltWrite): BuiltDocument {
  const { indexName, state } = generation;
  const facts = { id: rootId, indexName, state };
  if (outcome.kind === 'refused') return { ...facts, outcome: 'refused', reason: outcome.reason };
  if (outcome.kind === 'superseded') return { ...facts, outcome: 'superseded', reason: null };
  if (outcome.kind === 'done' || outcome.kind === 'unchanged')
    return { ...facts, outcome: body === null ? 'deleted' : 'indexed', reason: null };
  return { ...facts, outcome: 'left', reason: outcome.reason };
}

function keyOf(id: string, indexName: string): string {
  return `${indexName}\0${id}`;
}
